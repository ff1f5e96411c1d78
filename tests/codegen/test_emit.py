"""`python -m codegen import --emit`: the TypeSpec for what a service specification brings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from codegen.__main__ import main
from codegen.output import SCHEMA

from .changes import edit_all
from .dialects import DIALECTS, PREFIX, Edit, Schema, write
from .edits import event, fields, ref, use

Capture = pytest.CaptureFixture[str]
VERSION = "2027-01-15"
ADDED = "@added(Versions.v2027_01_15)"
# The draft follows the dated versions, and would have what is new in one of them.
REMOVED = "@removed(Versions.v1)"
INSIDE = f"  {ADDED}\n  {REMOVED}\n"
BUILT_IN = {
    *("string", "boolean", "int32", "int64", "integer", "numeric", "float32", "float64", "bytes", "url"),
    *("utcDateTime", "unknown", "null", "Record"),
}


def emitted(folder: Path, edit: Edit, *options: str, dialect: str = "OpenAPI 3.1") -> str:
    """Import the schema's document, changed by `edit`, and return the TypeSpec written for it."""
    target = folder / "new.tsp"
    code = main(["import", str(write(folder, dialect, edit)), "--emit", str(target), *options])
    assert code == 1
    return target.read_text(encoding="utf-8")


def block(text: str, start: str) -> str:
    """One declaration, from the decorators above it to its closing brace."""
    head, _, rest = text.partition(start)
    return head.rpartition("\n\n")[2] + start + rest.partition("\n}")[0] + "\n}"


def code_of(text: str) -> str:
    """The text without comments."""
    return re.sub(r"//[^\n]*|/\*\*.*?\*/", "", text, flags=re.DOTALL)


def rich(schemas: Schema) -> None:
    """Add one event that has a field of every kind, and what it needs."""
    place: Schema = {"x": {"type": "number"}, "link": {"type": "string", "format": "uri"}}
    own: Schema = {
        "level": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 100, "default": 50},
        "voice": ref("Voice"),
        "mood": {**ref("Mood"), "default": "rain_y"},
        "format": {**ref("OutputAudioFormat"), "default": "pcm16_8000hz"},
        "model": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "data": {"type": "string", "contentEncoding": "base64"},
        "at": {"type": "integer", "format": "unixtime"},
        "moods": {"type": "array", "items": ref("Mood"), "default": ["sunny"], "minItems": 1},
        "limit": {"anyOf": [{"type": "integer", "format": "int32"}, {"const": "inf"}]},
        "mixed": {"type": "array", "items": {"anyOf": [ref("Mood"), {"type": "integer"}]}},
        "tags": {"type": "object", "unevaluatedProperties": {"type": "string"}},
        "id": {"type": "string", "format": "uuid", "pattern": '^a\\d"+$', "maxLength": 9},
        "spot": {"type": "object", "properties": place},
        "long": {"anyOf": [{"const": f"a-very-long-value-{letter}"} for letter in "abc"] + [{"type": "string"}]},
        "step": {"type": "integer", "multipleOf": 5},
    }
    event(schemas, "ServerEvent", "ServerEventLightsOn", "lights.on", **own)
    values = ("sunny", "rain-y", "rain_y", "model", "3d")
    schemas["Mood"] = {"anyOf": [{"type": "string"}, *({"const": value} for value in values)]}
    kind = {"propertyName": "kind", "mapping": {"desk": PREFIX + "Shop.DeskLamp"}}
    schemas["Lamp"] = {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"type": "string"}},
        "discriminator": kind,
    }
    schemas["Shop.DeskLamp"] = {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"type": "string", "enum": ["desk"]}, "height": {"type": "number", "format": "double"}},
        "allOf": [ref("Lamp")],
    }
    schemas["AnyLamp"] = {"anyOf": [ref("Lamp"), {"type": "string"}, {"const": "auto"}]}
    fields(schemas, "RequestSession")["lamp"] = {**ref("AnyLamp"), "description": "Prose of the service."}
    schemas["Voice"]["anyOf"].append(ref("Lamp"))


def test_an_event_in_full(tmp_path: Path) -> None:
    """A new event extends the right base; each kind of field is written as TypeSpec has it, with default and range."""
    text = emitted(tmp_path, rich, "--version-name", VERSION)
    written = block(text, "model ServerEventLightsOn extends ServerEvent {")
    assert written.startswith(
        f"/** Event `lights.on`, sent by the service (placeholder). */\n{ADDED}\n{REMOVED}\nmodel "
    )
    for line in (
        '  type: "lights.on";',
        "  @minValue(0)\n  @maxValue(100)\n  level?: int32 = 50;",
        "  voice?: Voice;",
        "  mood?: Mood = Mood.rainUnderscoreY;",
        "  format?: OutputAudioFormat = OutputAudioFormat.pcm168000hz;",
        "  `model`?: string | null = null;",
        '  @encode("base64")\n  data?: bytes;',
        '  @encode("unixTimestamp", int32)\n  at?: utcDateTime;',
        "  @minItems(1)\n  moods?: Mood[] = #[Mood.sunny];",
        '  limit?: int32 | "inf";',
        "  mixed?: (Mood | integer)[];",
        "  tags?: Record<string>;",
        '  @maxLength(9)\n  @pattern("^a\\\\d\\"+$")\n  @format("uuid")\n  id?: string;',
        "  spot?: ServerEventLightsOnSpot;",
        '  long?:\n    | "a-very-long-value-a"\n    | "a-very-long-value-b"\n    | "a-very-long-value-c"\n'
        "    | string;",
    ):
        assert f"{line}\n" in written
    assert "// - field ServerEventLightsOn.step: multipleOf 5 has no decorator\n" in text


def test_models_unions_and_enums(tmp_path: Path) -> None:
    """New models, inline ones too, keep base and discriminator; enums are open; no member name occurs twice."""
    text = emitted(tmp_path, rich)
    assert '@discriminator("kind")\nmodel Lamp {\n' in text
    assert 'kind: "desk";' in block(text, "model DeskLamp extends Lamp {")
    assert "  link?: url;" in block(text, "model ServerEventLightsOnSpot {")
    assert block(text, "union AnyLamp {").endswith('{\n  Lamp,\n  string,\n  auto: "auto",\n}')
    mood = block(text, "union Mood {")
    assert re.findall(r"^  ([^/\n].*),$", mood, re.MULTILINE) == [
        "string",
        'sunny: "sunny"',
        'rainY: "rain-y"',
        'rainUnderscoreY: "rain_y"',
        '`model`: "model"',
        '`3d`: "3d"',
    ]
    assert "@added" not in code_of(text)
    assert "import" not in code_of(text)


def test_what_is_to_be_pasted_says_where(tmp_path: Path) -> None:
    """New parts of what the schema has come in blocks of their own that name the model, union or enum and its file."""
    text = emitted(tmp_path, rich, "--version-name", VERSION)
    for lines in (
        "// To paste into the model RequestSession (session.tsp).\nalias AddedToRequestSession = {\n"
        f"  /** Field lamp of RequestSession: `AnyLamp` (placeholder). */\n{INSIDE}  lamp?: AnyLamp;\n}};\n",
        "// To paste into the enum ServerEventType (server_events.tsp).\nunion AddedToServerEventType<Unused> {\n"
        f'  /** Value `lights.on` of ServerEventType (placeholder). */\n{INSIDE}  lightsOn: "lights.on",\n}}\n',
        f"// To paste into the union Voice (voices.tsp).\nunion AddedToVoice<Unused> {{\n{INSIDE}  Lamp,\n}}\n",
    ):
        assert lines in text


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("edit", [rich, edit_all])
def test_the_text_is_sound(tmp_path: Path, dialect: str, edit: Edit) -> None:
    """In each dialect: braces match, every name is declared, and once only, every declaration says since when."""
    text = emitted(tmp_path, edit, "--version-name", VERSION, dialect=dialect)
    code = code_of(text)
    for opening, closing in ("{}", "()", "[]"):
        assert code.count(opening) == code.count(closing)
    declarations = re.findall(r"^(?:model|union|alias) (\w+)", code, re.MULTILINE)
    assert len(declarations) == len(set(declarations))
    sources = "".join(path.read_text(encoding="utf-8") for path in SCHEMA.glob("*.tsp"))
    known = set(re.findall(r"^(?:model|union|enum|alias) (\w+)", sources, re.MULTILINE))
    assert not known & set(declarations)
    unquoted = re.sub(r'"(?:[^"\\]|\\.)*"', '""', code)
    types = re.findall(r"^  (?:`[^`]+`|\w+)\??:([^;=,]*)(?:=[^;]*)?;", unquoted, re.MULTILINE)
    types += re.findall(r"extends (\w+)", unquoted)
    used = {name for kind in types for name in re.findall(r"[A-Za-z]\w*", kind)}
    assert used <= known | set(declarations) | BUILT_IN
    wholes = [name for name in declarations if not name.startswith("AddedTo")]
    assert len(re.findall(rf"^{re.escape(ADDED)}$", code, re.MULTILINE)) == len(wholes)
    assert max(len(line) for line in code.splitlines()) <= 80


def test_the_prose_of_the_document_is_not_copied(tmp_path: Path, capsys: Capture) -> None:
    """Comments are placeholders made from names and types, and the file and the command say so."""
    text = emitted(tmp_path, rich)
    assert "Prose of the service." not in text
    assert "/** Field lamp of RequestSession: `AnyLamp` (placeholder). */" in text
    assert "// The doc comments are placeholders made from names and types" in text
    assert "placeholders" in capsys.readouterr().err


def test_what_is_left_to_do_is_listed(tmp_path: Path, capsys: Capture) -> None:
    """What is gone, renamed or retyped is listed with the decorator to use, in the file and by the command."""
    text = emitted(tmp_path, edit_all, "--version-name", VERSION)
    err = capsys.readouterr().err
    version = "Versions.v2027_01_15"
    for line in (
        f"event ServerEventWarning (server_events_session.tsp) is gone: @removed({version})",
        f'field VideoParams.gop_size (avatar.tsp) is probably video_gop_size now: @renamedFrom({version}, "gop_size")',
        f"field IceServer.urls (avatar.tsp) is string now: @typeChangedFrom({version}, string[])",
        f"field InputTextContentPart.text (content_parts.tsp) is optional now: @madeOptional({version})",
        "field RequestSession.avatar (session.tsp) may no longer be null",
        "field VideoParams.bitrate (avatar.tsp) has the default 1 now, was 2000000",
        "field AudioEchoCancellation.channels (audio.tsp) no longer has the minimum 1",
        "model ServerVad (turn_detection.tsp) is called RealtimeVoiceActivity in the document; the schema keeps "
        "its name",
        "enum ItemParamStatus (items.tsp) is closed in the document; the schema keeps every enum open",
    ):
        assert f"// - {line}\n" in text
        assert f"codegen: - {line}\n" in err
    assert '// In versions.tsp it needs the member v2027_01_15: "2027-01-15".' in text


def test_what_another_version_has_is_not_written_again(tmp_path: Path) -> None:
    """What one of the schema's other versions has already is in the sources: it is named, not declared twice."""

    def edit(schemas: Schema) -> None:
        rich(schemas)
        schemas["SmartEndOfTurnDetection"] = {"type": "object", "properties": {"x": {"type": "string"}}}
        use(schemas, "SmartEndOfTurnDetection")
        fields(schemas, "RequestImageContentPart")["url"] = {"type": "integer"}

    text = emitted(tmp_path, edit)
    assert "model SmartEndOfTurnDetection" not in code_of(text)
    assert re.search(r"// - model SmartEndOfTurnDetection \(turn_detection.tsp\) is in the schema already, for ", text)
    assert (
        "// - field RequestImageContentPart.url (content_parts.tsp) is in the schema already, for 2026-01-01-preview"
        in text
    )


def test_an_event_under_another_type_is_a_new_one(tmp_path: Path) -> None:
    """An event whose type changed is written beside the old one: the schema holds both."""

    def edit(schemas: Schema) -> None:
        schema = schemas["ServerEventInputBufferSpeechStarted"] = schemas.pop(
            "ServerEventInputAudioBufferSpeechStarted"
        )
        schema["properties"]["type"]["enum"] = ["input_audio_buffer.the_speech_started"]
        mapping = schemas["ServerEvent"]["discriminator"]["mapping"]
        del mapping["input_audio_buffer.speech_started"]
        mapping["input_audio_buffer.the_speech_started"] = PREFIX + "ServerEventInputBufferSpeechStarted"

    text = emitted(tmp_path, edit)
    assert 'type: "input_audio_buffer.the_speech_started";' in block(
        text, "model ServerEventInputBufferSpeechStarted extends ServerEvent {"
    )
    assert re.search(
        r"// - event ServerEventInputAudioBufferSpeechStarted \(.*\) is probably "
        r"ServerEventInputBufferSpeechStarted now, another event to the schema: @removed",
        text,
    )
    assert 'inputAudioBufferTheSpeechStarted: "input_audio_buffer.the_speech_started",' in text


def test_odd_names_cannot_break_the_text(tmp_path: Path) -> None:
    """Names and values with quotes, backquotes, ends of comments or interpolation stay inside what they belong to."""
    odd = 'a*/b"${c}`\\\n@d'

    def edit(schemas: Schema) -> None:
        own: Schema = {odd: {"type": "string", "enum": [odd]}, "model": {**ref("Shade"), "default": odd}}
        schemas["Odd"] = {"type": "object", "properties": own}
        schemas["Shade"] = {"anyOf": [{"type": "string"}, {"const": odd}, {"const": "-"}, {"const": "+"}]}
        use(schemas, "Odd")

    text = emitted(tmp_path, edit)
    quoted = '"a*/b\\"\\${c}`\\\\\\n@d"'
    assert f": {quoted},\n" in text
    assert f'  `a*/b"${{c}}\\`\\\\\\n@d`?: {quoted};\n' in text
    comments = re.findall(r"/\*\*(.*?)\*/", text, re.DOTALL)
    assert not any("@" in comment or comment.count("`") % 2 for comment in comments)
    names = re.findall(r"^  (`.*`|\w+): ", block(text, "union Shade {"), re.MULTILINE)
    assert len(names) == len(set(names)) == 3


def test_nothing_new_writes_nothing(tmp_path: Path, capsys: Capture) -> None:
    """Where the document only takes away, no file is written and the command says so."""

    def edit(schemas: Schema) -> None:
        del fields(schemas, "ResponseSession")["agent"]

    target = tmp_path / "new.tsp"
    assert main(["import", str(write(tmp_path, "OpenAPI 3.1", edit)), "--emit", str(target)]) == 1
    assert "nothing new to write" in capsys.readouterr().err
    assert not target.exists()


def test_it_may_be_written_again(tmp_path: Path) -> None:
    """A file that --emit wrote is replaced by the next run, with the same text for the same document."""
    first = emitted(tmp_path, rich)
    assert emitted(tmp_path, rich) == first
