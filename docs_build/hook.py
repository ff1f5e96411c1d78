"""What mkdocs calls: adds the generated pages to the site, and keeps the site free of other hosts."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File

from docs_build.pages import navigation, reference_pages
from docs_build.reference import SCHEMA, Reference, read_reference

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.livereload import LiveReloadServer
    from mkdocs.structure.files import Files

__all__ = ["on_config", "on_files", "on_post_build", "on_serve"]

# Under this name, a warning counts for `--strict`.
logger = logging.getLogger("mkdocs.docs_build")

PLACEHOLDER = "(generated)"
"""The entry of the navigation that the generated pages take the place of."""

_LOADED = re.compile(
    r"""<(?:script|link|img|iframe|source|video|audio)\b[^>]*?\b(?:src|href)=["']?((?:https?:)?//[^"'\s>]+)""",
    re.IGNORECASE,
)

_reference: list[Reference] = []


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the generated pages where the navigation has its placeholder."""
    _reference[:] = [read_reference()]
    nav: Any = config.nav
    config.nav = with_generated(nav, navigation(_reference[0]))
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages to the site."""
    for path, text in reference_pages(_reference[0]).items():
        files.append(File.generated(config, path, content=text))
    return files


def on_post_build(config: MkDocsConfig) -> None:
    """Warn of pages that load something from another host: the site must work without a network."""
    site = Path(config.site_dir)
    for page in sorted(site.rglob("*.html")):
        for url in _LOADED.findall(page.read_text(encoding="utf-8")):
            logger.warning("%s loads %s from another host", page.relative_to(site), url)


def on_serve(server: LiveReloadServer, config: MkDocsConfig, builder: Any) -> LiveReloadServer:
    """Build again when the schema changes, while `mkdocs serve` runs."""
    server.watch(str(SCHEMA / "openapi"))
    return server


def with_generated(nav: list[Any], generated: list[dict[str, Any]]) -> list[Any]:
    """Return `nav` with `generated` in place of its placeholder, at whatever depth."""
    found: list[Any] = []
    for entry in nav:
        if entry == PLACEHOLDER:
            found += generated
        elif isinstance(entry, dict):
            found.append({k: with_generated(v, generated) if isinstance(v, list) else v for k, v in entry.items()})
        else:
            found.append(entry)
    return found
