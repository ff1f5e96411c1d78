"""Makes `enums.py` and `models.py`: the generator's classes, then what it has no option for."""

from __future__ import annotations

import ast
import functools
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from .document import Contract, ModelSchema, Schema, SchemaError, constant_of, is_event, ref_name, variants
from .prepare import ALIAS_PREFIX, prepare
from .signatures import input_type, joined_literals, or_none
from .texts import docstring

__all__ = ["kinds_of_unions", "make_models"]

OPTIONS = [
    "--input-file-type=openapi",
    "--output-model-type=pydantic_v2.BaseModel",
    "--base-class=voicelive._base.Model",
    "--target-python-version=3.11",
    "--use-annotated",
    "--use-union-operator",
    "--use-standard-collections",
    "--field-constraints",
    "--use-field-description",
    "--use-single-line-docstring",
    "--use-schema-description",
    "--use-one-literal-as-default",
    "--enum-field-as-literal=none",
    "--capitalise-enum-members",
    "--use-type-alias",
    "--disable-timestamp",
    "--disable-future-imports",
    "--keep-model-order",
    "--formatters=builtin",
]

ALSO_CALLED = {
    ("OutputAudioFormat", "pcm16_8000hz"): "PCM16_8000_HZ",
    ("OutputAudioFormat", "pcm16_16000hz"): "PCM16_16000_HZ",
    ("PersonalVoiceModels", "MAI-Voice-1"): "MAI_VOICE1",
    ("PhotoAvatarBaseModes", "vasa-1"): "VASA1",
}
"""Names that azure-ai-voicelive has for members, where this generator makes others."""

CANONICAL_TYPE = [
    "",
    "    __alias_of__: ClassVar[str | None] = None",
    "",
    "    @property",
    "    def canonical_type(self) -> str:",
    '        """The `type` under which the dated API versions know this event; `type` itself where it is not renamed.',
    "",
    "        One loop reads every version by it: `response.output_audio.delta` of v1 gives `response.audio.delta`.",
    '        """',
    "        return self.__alias_of__ or self.type",
]


def make_models(contract: Contract) -> tuple[str, str]:
    """Return the source of the enums module and of the models module, without their headers."""
    source = _generate(json.dumps(prepare(contract)))
    tree = ast.parse(source)
    names = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    _check_names(contract, names)
    lines = source.splitlines()
    enums: list[str] = []
    models: list[str] = []
    renamed: list[str] = []  # kinds of other models, wherever those stand: so they come last
    for node in tree.body:
        start = min([node.lineno, *[d.lineno for d in getattr(node, "decorator_list", [])]])
        text = "\n".join(lines[start - 1 : node.end_lineno])
        if isinstance(node, ast.ClassDef):
            if node.name in contract.enums:
                enums.append(_enum(contract, node))
            else:
                model = contract.models[node.name]
                target = renamed if "x-voicelive-alias-of" in model.schema else models
                target.append(_model(contract, model, node, _ranges(_open_enums(contract, text))))
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            models.append(_alias(contract, node.targets[0].id))
        elif not isinstance(node, (ast.Import, ast.ImportFrom)):
            raise SchemaError(f"the generator wrote a statement this step does not know: {text[:200]}")
    return "\n\n\n".join(enums) + "\n", "\n\n\n".join([*models, *renamed]) + "\n"


@functools.lru_cache(maxsize=1)
def _generate(document: str) -> str:
    # Kept because it is by far the slowest step, and checking is often followed by writing.
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "contract.json"), Path(folder, "models.py")
        source.write_text(document, encoding="utf-8")
        command = [sys.executable, "-m", "datamodel_code_generator"]
        command += [*OPTIONS, f"--input={source}", f"--output={target}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode:
            raise SchemaError(f"datamodel-code-generator failed:\n{done.stderr}")
        return target.read_text(encoding="utf-8")


def _check_names(contract: Contract, names: set[str]) -> None:
    wanted = set(contract.models) | set(contract.enums)
    if names != wanted:
        # A name that ends in a digit here is a second class for one shape: two fields share a name and differ in type.
        raise SchemaError(
            f"the generator made classes the schema does not name: {sorted(names - wanted)}; "
            f"and left out: {sorted(wanted - names)}"
        )


def _enum(contract: Contract, node: ast.ClassDef) -> str:
    docs = dict(contract.enums[node.name])
    lines = [
        f"class {node.name}(OpenEnum):",
        f"    {docstring(contract.enum_docs[node.name])}",
        "",
    ]
    for statement in node.body:
        if not isinstance(statement, ast.Assign):
            continue
        target, value = statement.targets[0], statement.value
        if isinstance(target, ast.Name) and isinstance(value, ast.Constant):
            member = target.id if target.id[0].isalpha() else f"V{target.id}"
            lines.append(f"    {member} = {json.dumps(value.value)}")
            if docs.get(str(value.value)):
                lines.append(f"    {docstring(docs[str(value.value)])}")
            if (other := ALSO_CALLED.get((node.name, str(value.value)))) is not None:
                # An alias, as the second name of a value is in an enum.
                lines.append(f"    {other} = {json.dumps(value.value)}")
    return "\n".join(lines)


def _model(contract: Contract, model: ModelSchema, node: ast.ClassDef, text: str) -> str:
    tags = contract.tags(model.name)
    if model.base is None and (tags or model.children) and not is_event(model.name):
        text = text.replace(f"class {model.name}(Model):", f"class {model.name}(TaggedModel):", 1)
    if is_event(model.name):
        text = text.replace(f"class {model.name}(Model):", f"class {model.name}(BaseEvent):", 1)
    extra: list[str] = []
    if model.name == "ServerEvent":
        extra += CANONICAL_TYPE
    alias_of = model.schema.get("x-voicelive-alias-of")
    if alias_of is not None:
        text = _as_kind_of(contract, model, str(alias_of), text)
        extra += ["", f"    __alias_of__: ClassVar[str | None] = {json.dumps(contract.tags(str(alias_of))['type'])}"]
    is_sent = model.name in contract.sent or model.name in contract.events("ClientEvent").values()
    if is_sent and re.search(rf"\b({'|'.join(kinds_of_unions(contract))})\b", text):
        extra += ["", "    __meets_later__: ClassVar[bool] = True"]
    if tags:
        extra += ["", f"    __tags__: ClassVar[tuple[str, ...]] = {tuple(tags)!r}"]
    for prop in model.own.values():
        if prop.is_base64:
            extra += [
                "",
                "    @property",
                f"    def {prop.name}_bytes(self) -> bytes:",
                f'        """The bytes of :attr:`{prop.name}`, decoded once, when first asked for; empty if unset."""',
                f'        return self._decoded_field("{prop.name}")',
            ]
    extra += _constructor(contract, model.name)
    body_is_pass = len(node.body) == 1 and isinstance(node.body[0], ast.Pass)
    if body_is_pass and extra:
        text = text[: text.rindex("pass")].rstrip()
    return text + "\n" + "\n".join(extra)


def _as_kind_of(contract: Contract, model: ModelSchema, original: str, text: str) -> str:
    """Make an event that is another one under a new name a kind of that, so that one pattern catches both."""
    if original not in contract.models:
        raise SchemaError(f"{model.name} is said to be another name of {original}, which does not exist")
    names = [set(contract.fields(name)) for name in (model.name, original)]
    if names[0] != names[1]:
        raise SchemaError(f"{model.name} is not another name of {original}: their fields differ")
    return text.replace(f"class {model.name}({model.base}):", f"class {model.name}({original}):", 1)


def _constructor(contract: Contract, name: str) -> list[str]:
    """A signature for editors: keyword-only, mappings welcome wherever a model is."""
    lines = [
        "",
        "    if TYPE_CHECKING:",
        "",
        "        def __init__(",
        "            self,",
        "            *,",
    ]
    fields = contract.fields(name)
    if not fields:
        return []
    tags = contract.tags(name)
    for prop in fields.values():
        kind = input_type(contract, prop.schema)
        if prop.name in tags or not prop.required:
            lines.append(f"            {prop.name}: {kind if prop.name in tags else or_none(kind)} = ...,")
        else:
            lines.append(f"            {prop.name}: {kind},")
    return [*lines, "        ) -> None: ..."]


def _alias(contract: Contract, name: str) -> str:
    if name in contract.unions:
        members = [_union_member(contract, member) for member in variants(contract.unions[name])]
        doc = str(contract.unions[name].get("description", ""))
        objects = [m for group in members if isinstance(group, list) for m in group]
        scalars = joined_literals([m for m in members if isinstance(m, str)])
        enums = [s for s in scalars if s in contract.enums]
        # Every enum is open, whether the union says so or not.
        parts = [f"Annotated[{' | '.join([*enums, 'str'])}, OPEN]"] if enums or "str" in scalars else []
        parts += [s for s in scalars if s != "str" and s not in enums]
        if objects:
            parts.append(_tagged(contract, objects, _polymorphic(contract, variants(contract.unions[name]))))
        return _type_alias(name, " | ".join(parts), doc)
    base = name.removeprefix(ALIAS_PREFIX)
    doc = f"Any of the kinds of :class:`{base}`, told apart by their constants."
    return _type_alias(name, _tagged(contract, contract.leaves(base), [base]), doc)


def _type_alias(name: str, value: str, doc: str) -> str:
    return f'{name} = TypeAliasType("{name}", {value})\n{docstring(doc)}'


def _polymorphic(contract: Contract, members: list[Schema]) -> list[str]:
    refs = [ref_name(member) for member in members]
    return [ref for ref in refs if ref in contract.models and contract.models[ref].children]


def _union_member(contract: Contract, member: Schema) -> str | list[str]:
    name = ref_name(member)
    if (constant := constant_of(member)) is not None:
        return f"Literal[{json.dumps(constant)}]"
    if name is None:
        return {"string": "str", "integer": "int", "boolean": "bool"}[member["type"]]
    if name in contract.enums:
        return name
    children = contract.models[name].children
    return contract.leaves(name) if children else [name]


def _tagged(contract: Contract, leaves: list[str], bases: list[str]) -> str:
    """A discriminated union of `leaves`, nested where some share a second discriminator.

    Instances of the bases themselves are let through: that is how a kind that the schema lacks is sent.
    """
    tags = {leaf: contract.tags(leaf) for leaf in leaves}
    shared = [tag for tag in tags[leaves[0]] if all(tag in tags[leaf] for leaf in leaves)]
    if not shared:
        # Only their fields tell them apart.
        return " | ".join(leaves)
    first = shared[0]
    groups: dict[str, list[str]] = {}
    for leaf in leaves:
        groups.setdefault(tags[leaf][first], []).append(leaf)
    parts: list[str] = []
    for members in groups.values():
        if len(members) == 1:
            parts += members
        else:
            second = next(tag for tag in tags[members[0]] if tag != first)
            parts.append(f'Annotated[{" | ".join(members)}, Field(discriminator="{second}")]')
    union = parts[0] if len(parts) == 1 else f'Annotated[{" | ".join(parts)}, Field(discriminator="{first}")]'
    if not bases:
        return union
    return f"Annotated[{union}, {', '.join(f'OrInstanceOf({base})' for base in bases)}]"


def kinds_of_unions(contract: Contract) -> dict[str, str]:
    """Return, for each alias of classes that constants tell apart, the source of its kinds and of its texts."""
    found: dict[str, str] = {}
    for name, union in contract.unions.items():
        members = [_union_member(contract, member) for member in variants(union)]
        leaves = [leaf for group in members if isinstance(group, list) for leaf in group]
        enums = [member for member in members if isinstance(member, str) and member in contract.enums]
        if kinds := _kinds(contract, leaves, []):
            found[name] = ", ".join([kinds, "_definitions.get", *map(json.dumps, enums)])
    for name, model in contract.models.items():
        if model.children and not is_event(name) and (kinds := _kinds(contract, contract.leaves(name), [])):
            found[ALIAS_PREFIX + name] = f"{kinds}, _definitions.get"
    return found


def _kinds(contract: Contract, leaves: list[str], before: list[str]) -> str:
    """Return the source of what tells `leaves` apart; empty where only their fields do, or there is but one."""
    if len(leaves) == 1 and before:
        return json.dumps(leaves[0])
    tags = {leaf: contract.tags(leaf) for leaf in leaves}
    shared = [tag for tag in tags.get(leaves[0], ()) if all(tag in tags[leaf] for leaf in leaves)] if leaves else []
    left = [tag for tag in shared if tag not in before]
    if len(leaves) < 2 or not left:
        return ""
    groups: dict[str, list[str]] = {}
    for leaf in leaves:
        groups.setdefault(tags[leaf][left[0]], []).append(leaf)
    entries = [
        f"{json.dumps(constant)}: {_kinds(contract, members, [*before, left[0]])}"
        for constant, members in groups.items()
    ]
    return f"({json.dumps(left[0])}, {{{', '.join(entries)}}})"


def _open_enums(contract: Contract, text: str) -> str:
    names = "|".join(sorted(contract.enums, key=len, reverse=True))
    return re.sub(rf"\b({names}) \| str\b", r"Annotated[\1 | str, OPEN]", text)


def _ranges(text: str) -> str:
    return re.sub(r"Literal\[[\"']((?:ge|le)=[^\"']+)[\"']\]", r"Field(\1)", text)
