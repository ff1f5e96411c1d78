"""What type checkers must see. mypy and pyright check these files (`nox -s types`); pytest runs them too.

A line that must be an error carries an ignore comment for each checker; both checkers are told to report ignores that
ignore nothing, so the line fails as soon as it is no error any more.
"""
