"""The site as a whole: its navigation, and what its hand-written pages must cover."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import voicelive.errors
from tests.docs.blocks import PAGES, ROOT, page_name
from voicelive import ConnectionOptions
from voicelive._core.closing import describe_code
from voicelive._core.nested_form import SESSION
from voicelive._environment import ENDPOINT_VARIABLES, KEY_VARIABLES
from voicelive.models import InputAudioFormat, OutputAudioFormat

DOCS = ROOT / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_the_navigation_has_every_page() -> None:
    """Each page of `docs/` is in the navigation once, and each page in it exists."""
    # Read as a whole document by mkdocs itself; here only the plain part of it, by its lines.
    nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2].partition("\n\n")[0]
    named = re.findall(r": (\S+\.md)$", nav, re.M)
    assert sorted(named) == sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
    assert "- (generated)" in nav


@pytest.mark.parametrize("path", PAGES, ids=page_name)
def test_the_links_of_a_page_lead_somewhere(path: Any) -> None:
    """Links to other pages end at a file; those into the reference are checked where it is generated."""
    for target in re.findall(r"\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if not target.startswith(("reference/", "../reference/")):
            assert (path.parent / target).exists(), target


def test_nothing_is_loaded_from_elsewhere() -> None:
    """No font, script or image of another host is asked for; the build itself looks at the finished pages."""
    config = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert "font: false" in config
    assert "http" not in re.sub(r"#.*", "", config)
    for path in PAGES:
        assert not re.search(r"!\[[^]]*\]\(https?:|<(?:img|script|link|iframe)\b", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", voicelive.errors.__all__)
def test_every_error_is_explained(name: str) -> None:
    """Each exception has its row: when it comes, every attribute that it adds to its base's, and what to do."""
    rows = [line for line in page("errors.md").splitlines() if line.startswith(f"| `{name}`")]
    assert len(rows) == 1
    cells = [cell.strip() for cell in rows[0].strip("|").split("|")]
    assert len(cells) == 4
    assert all(cells)
    error = getattr(voicelive.errors, name)
    bases = [base.__name__ for base in error.__mro__[1:] if base.__module__ == error.__module__]
    added = attributes(name).difference(*(attributes(base) for base in bases))
    assert set(re.findall(r"`([a-z]\w*)`", cells[2])) == added


def attributes(name: str) -> set[str]:
    """The public attributes that a class of `voicelive.errors` gives its instances, by its source."""
    tree = ast.parse(Path(voicelive.errors.__file__).read_text(encoding="utf-8"))
    own = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name]
    found: set[str] = set()
    for node in (part for cls in own for part in ast.walk(cls)):
        match node:
            case ast.Attribute(value=ast.Name(id="self"), attr=attribute, ctx=ast.Store()):
                found.add(attribute)
            case ast.AnnAssign(target=ast.Name(id=attribute)):
                found.add(attribute)
            case ast.FunctionDef(name=attribute, decorator_list=[ast.Name(id="property")]):
                found.add(attribute)
            case _:
                pass
    return found


def test_every_close_code_is_explained() -> None:
    """Each close code that the package has a meaning for stands in the table."""
    table = page("errors.md").partition("### Close codes")[2]
    for code in range(1000, 1016):
        if describe_code(code) != str(code):
            assert re.search(rf"^\| [^|]*\b{code}\b", table, re.M), code


def test_every_option_is_explained() -> None:
    """Each connection option and each environment variable stands on the page about connecting."""
    text = page("connecting.md")
    aliases = {"max_msg_size", "heartbeat", "handshake_timeout", "timeout", "autoclose", "autoping", "vendor_options"}
    for name in {*ConnectionOptions.__annotations__} - aliases:
        assert re.search(rf"^\| [^|]*`{name}`", text, re.M), name
    for name in (*ENDPOINT_VARIABLES, *KEY_VARIABLES):
        assert f"`{name}`" in text


def test_every_format_is_explained() -> None:
    """Each audio format stands in the table of formats."""
    for format_ in (*InputAudioFormat, *OutputAudioFormat):
        assert f"`{format_.value.replace('-', '_')}`" in page("audio.md")


def test_the_translation_to_v1_is_told_whole() -> None:
    """Each field of a session that `v1` has in another place stands in the table with that place, and no other does."""
    table = page("versions.md").partition("| As you write it |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \| `([\w.]+)` \|$", table, re.M)
    assert sorted(rows) == sorted((rule.flat, ".".join(rule.nested)) for rule in SESSION)


def test_the_old_packages_names_are_real() -> None:
    """The tables for those who come from elsewhere name only things that are here."""
    models = import_module("voicelive.models")
    for name in ("from-azure-ai-voicelive.md", "from-openai.md"):
        right = [line.split("|")[2] for line in page(name).splitlines() if line.count("|") == 3]
        for word in re.findall(r"`([A-Z]\w+)`", " ".join(right)):
            assert hasattr(models, word) or hasattr(voicelive, word), word
