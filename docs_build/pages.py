"""All generated pages, and their place in the navigation."""

from __future__ import annotations

from typing import Any

from .events import event_index, event_page
from .models import model_index, model_page, subject_title
from .reference import Reference
from .versions import versions_page

__all__ = ["FOLDER", "navigation", "reference_pages"]

FOLDER = "reference"
"""Where the generated pages are, relative to `docs/`."""


def reference_pages(reference: Reference) -> dict[str, str]:
    """Every generated page: path relative to `docs/`, and its Markdown."""
    pages = {"events/index.md": event_index(reference)}
    for family in reference.named_families():
        pages[f"events/{family.slug}.md"] = event_page(reference, family)
    pages["models/index.md"] = model_index(reference)
    for subject in reference.subject_names():
        pages[f"models/{subject}.md"] = model_page(reference, subject)
    pages["versions.md"] = versions_page(reference)
    return {f"{FOLDER}/{path}": text for path, text in pages.items()}


def navigation(reference: Reference) -> list[dict[str, Any]]:
    """The entries of the navigation for the generated pages."""
    events: list[Any] = [f"{FOLDER}/events/index.md"]
    events += [{family.title: f"{FOLDER}/events/{family.slug}.md"} for family in reference.named_families()]
    models: list[Any] = [f"{FOLDER}/models/index.md"]
    models += [{subject_title(name): f"{FOLDER}/models/{name}.md"} for name in reference.subject_names()]
    return [{"Events": events}, {"Models and enums": models}, {"What each version has": f"{FOLDER}/versions.md"}]
