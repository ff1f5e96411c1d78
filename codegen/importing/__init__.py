"""Following the service: reads its specifications, compares them with the schema, writes what is new as TypeSpec.

Each module has one step: `reading` opens a file, `normalising` turns any of the three dialects into the neutral form of
`neutral` and `kinds`, `renames` pairs what has changed its name, `comparing` lists the changes, `markdown` and `page`
render them, `typespec` writes what is new. `command` is the command line.
"""
