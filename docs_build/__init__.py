"""Builds the reference pages of the documentation from the schema, while mkdocs builds the site.

The pages are never written into the tree: they are made from `schema/openapi/` and the `.tsp` files each time, so they
cannot drift. `python -m docs_build FOLDER` writes them somewhere to look at.

- `families.py`, `answers.py`: the two tables written by hand: which events belong together, and what answers what
- `reference.py`: what the pages know of the contract
- `types.py`, `events.py`, `models.py`, `versions.py`: the pages as Markdown
- `pages.py`: all pages and their place in the navigation
- `docstrings.py`: the docstrings as Markdown
- `hook.py`, `extension.py`: what mkdocs and mkdocstrings call; only these need them
"""
