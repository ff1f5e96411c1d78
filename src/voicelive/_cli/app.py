"""The commands and their options."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand

from .._local.quirks import QUIRKS
from .._version import __version__
from ..audio import devices as list_devices
from ..errors import VoiceLiveError
from .answer import answer
from .display import notice
from .doctor import doctor
from .engines import EngineChoice, NamedEngines
from .evaluate import evaluate
from .failures import CommandError, error_line
from .faults import faults
from .live import DeviceChoice, device_lines
from .load import load
from .options import Debug, Endpoint
from .output import settle
from .replay_command import replay_command
from .report import report
from .running import fail, run_to_end
from .serve import DEFAULT_PORT, ServeSettings, serve
from .signals import until_signalled
from .talk import DEFAULT_MODEL, Spoken, TalkSettings, Typed, hold_conversation, talk_live

__all__ = ["app", "run"]

app = typer.Typer(
    name="voicelive",
    help="Speak to the Azure AI Voice Live service, or to a local one.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help and one-line errors: boxes cut the long names in a narrow terminal.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_ORDER = "voicelive.option_order"


class Echo(str, Enum):
    """The values of the option ``--echo``."""

    AUTO = "auto"
    CLIENT = "client"
    SERVER = "server"
    HALF_DUPLEX = "half_duplex"
    OFF = "off"


class PacingChoice(str, Enum):
    """The values of the option ``--pacing``."""

    FAST = "fast"
    REAL = "real"


class _OrderedCommand(TyperCommand):
    """A command that remembers in which order its options were given.

    Values of a repeatable option come as one list an option, so the order among different options is lost otherwise.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        ctx.meta[_ORDER] = [option.name for option in order]
        return super().parse_args(ctx, args)


def run() -> NoReturn:
    """Run the command line with the process's arguments."""
    try:
        app()
    except OSError as error:  # help, or a report, that could not be written
        notice(f"error: {error_line(error)}")
        raise SystemExit(1) from None
    finally:
        settle()
    raise SystemExit(0)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"voicelive {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


Engines = Annotated[
    EngineChoice,
    typer.Option(
        help="What the local service hears and speaks with: speech needs the extra 'local', basic answers in tones, "
        "auto takes speech if it is installed.",
    ),
]


@app.command(cls=_OrderedCommand)
def talk(
    ctx: typer.Context,
    wav: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Speak this recording: WAV, mono; 16-bit PCM at 8, 16, 24 or 44.1 kHz, or G.711 at 8 kHz. "
            "- is standard input. Repeatable.",
        ),
    ] = None,
    text: Annotated[list[str] | None, typer.Option(metavar="TEXT", help="Ask this as text. Repeatable.")] = None,
    save: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Save the spoken answers to this WAV file (24 kHz PCM16).")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Write the service's events as JSON lines, and the rest to standard error.")
    ] = False,
    endpoint: Endpoint = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help=f"The model. Left out: {DEFAULT_MODEL}, or the agent's own.")
    ] = None,
    api_version: Annotated[
        str | None, typer.Option(metavar="VERSION", help="The API version; left out: the newest known.")
    ] = None,
    agent_name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Talk to this agent; needs --project-name.")
    ] = None,
    project_name: Annotated[
        str | None, typer.Option(metavar="NAME", help="The agent's project; needs --agent-name.")
    ] = None,
    voice: Annotated[str | None, typer.Option(metavar="NAME", help="The voice, e.g. alloy or en-US-AvaNeural.")] = None,
    instructions: Annotated[str | None, typer.Option(metavar="TEXT", help="Instructions for the assistant.")] = None,
    language: Annotated[str | None, typer.Option(metavar="TAG", help="The language spoken, e.g. en-US.")] = None,
    transcription_model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What transcribes the speech. Left out: whisper-1 for realtime models, else azure-speech.",
        ),
    ] = None,
    silence_ms: Annotated[
        int, typer.Option(metavar="MS", min=100, max=5000, help="Silence, in milliseconds, that ends a spoken turn.")
    ] = 500,
    chunk_ms: Annotated[
        int,
        typer.Option(
            metavar="MS", min=20, max=100, help="Length, in milliseconds, of the pieces in which speech is sent."
        ),
    ] = 50,
    pace: Annotated[
        float,
        typer.Option(
            metavar="FACTOR",
            min=0.0,
            help="How many times faster than speech recordings are sent; 0 sends them at once.",
        ),
    ] = 1.0,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.1, help="Seconds that the service may take to answer a turn.")
    ] = 30.0,
    engines: Engines = EngineChoice.AUTO,
    devices: Annotated[bool, typer.Option("--devices", help="List the sound devices and exit.")] = False,
    input: Annotated[
        str | None,
        typer.Option(metavar="DEVICE", help="The microphone: its number or name, or a part of its name."),
    ] = None,
    output: Annotated[str | None, typer.Option(metavar="DEVICE", help="The loudspeaker, likewise.")] = None,
    echo: Annotated[
        Echo,
        typer.Option(
            help="What keeps the assistant from hearing itself: the service with this side's reference (client), the "
            "service alone, a microphone that is off meanwhile, or nothing, for headsets."
        ),
    ] = Echo.AUTO,
    push_to_talk: Annotated[
        bool, typer.Option("--push-to-talk", help="Speak between two presses of the space bar only.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Hold a conversation: by microphone and loudspeaker, or with recordings and texts; see and save the answers.

    Without --wav and --text, you talk: speak over an answer to stop it, press m to mute, Ctrl-C to end. It needs the
    extra 'audio'. With them, turns go in the order of the options.

    Endpoint and key are read from AZURE_VOICELIVE_ENDPOINT (or AZURE_COGNITIVE_SERVICES_ENDPOINT) and
    AZURE_VOICELIVE_API_KEY (or AZURE_COGNITIVE_SERVICES_KEY); without a key, azure-identity is asked if it is
    installed. With no endpoint at all, a local service is started, which needs no account.
    """
    turns = _turns_in_order(ctx.meta.get(_ORDER, []), wav or [], text or [])
    if devices:
        _list_devices(debug)
        return
    if turns and (input is not None or output is not None or push_to_talk):
        fail(CommandError("--input, --output and --push-to-talk are for talking, without --wav and --text"), debug)
    settings = TalkSettings(
        turns=turns,
        save=save,
        json=json,
        endpoint=endpoint,
        model=model,
        api_version=api_version,
        agent_name=agent_name,
        project_name=project_name,
        voice=voice,
        instructions=instructions,
        language=language,
        transcription_model=transcription_model,
        silence_ms=silence_ms,
        chunk_ms=chunk_ms,
        pace=pace,
        timeout=timeout,
        engines=engines,
    )
    if turns:
        run_to_end(until_signalled(hold_conversation(settings)), debug)
        return
    choice = DeviceChoice(input, output, echo.value, push_to_talk)
    run_to_end(until_signalled(talk_live(settings, choice)), debug)


@app.command("serve")
def serve_command(
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="The address to listen on; other machines need --api-key.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65535, help="The port; 0 takes a free one.")
    ] = DEFAULT_PORT,
    engines: Engines = EngineChoice.AUTO,
    api_key: Annotated[
        str | None,
        typer.Option(metavar="KEY", envvar="VOICELIVE_LOCAL_API_KEY", help="The key that clients must send."),
    ] = None,
    pacing: Annotated[
        PacingChoice, typer.Option(help="fast: no artificial delays; real: delays like the cloud service's.")
    ] = PacingChoice.FAST,
    vad: Annotated[
        str | None, typer.Option(metavar="NAME", help="What tells speech from silence: energy, silero, or a plug-in.")
    ] = None,
    transcriber: Annotated[
        str | None, typer.Option(metavar="NAME", help="What understands speech: tones, sphinx, or a plug-in.")
    ] = None,
    responder: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What answers: assistant (rules), openai (a chat endpoint), or a plug-in."),
    ] = None,
    synthesizer: Annotated[
        str | None, typer.Option(metavar="NAME", help="What speaks: tones, espeak, or a plug-in.")
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The responder's chat endpoint, such as http://127.0.0.1:11434/v1."),
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="The model that the responder asks there.")] = None,
    api_key_env: Annotated[
        str | None,
        typer.Option(metavar="VARIABLE", help="The environment variable with the key for that endpoint, if any."),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FAULT",
            help="Commit this fault, e.g. close:1011@events=20. Repeatable; `voicelive faults kinds` lists the kinds.",
        ),
    ] = None,
    fault_seed: Annotated[int, typer.Option(metavar="NUMBER", help="The seed for faults that occur by chance.")] = 0,
    quirk: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help=f"Switch on a behavior that is not certain for the real service: {', '.join(QUIRKS)}. Repeatable.",
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Answer to this host name too, besides that of --host. Repeatable."),
    ] = None,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN", help="Let in web pages from this origin, such as http://localhost:3000. Repeatable."
        ),
    ] = None,
    allow_mcp: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOST",
            help="Let sessions have MCP servers at this host, address or network that is not public, such as "
            "localhost:8000. Repeatable.",
        ),
    ] = None,
    allow_mcp_header: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Let sessions set this reserved header for MCP servers: Host, Authorization. Repeatable.",
        ),
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Speak TLS (https, wss) with this certificate, as PEM.")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The certificate's key, if it is in a separate file.")
    ] = None,
    upstream: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Answer nothing here: pass every session on to this service, with a credential that stays here "
            "(AZURE_VOICELIVE_API_KEY, or azure-identity).",
        ),
    ] = None,
    upstream_key_env: Annotated[
        str | None,
        typer.Option(metavar="VARIABLE", help="The environment variable with the key for the upstream service."),
    ] = None,
    max_sessions: Annotated[
        int, typer.Option(metavar="NUMBER", min=1, help="How many sessions a relay may have at a time.")
    ] = 100,
    max_seconds: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", min=0.1, help="How long a session of a relay may last."),
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Record every session, each in a folder of its own in this one."),
    ] = None,
    debug: Debug = False,
) -> None:
    """Run the local service until Ctrl-C or SIGTERM, for any Voice Live client to talk to.

    On loopback, a page at its address talks to it, and shows the sessions while they run. Given an upstream service, it
    is a relay to that; with --record, one that records the calls of clients in any language.
    """
    given = {"base_url": base_url, "model": model, "api_key_env": api_key_env}
    options = {name: value for name, value in given.items() if value is not None}
    named = NamedEngines(vad, transcriber, responder, synthesizer, options)
    settings = ServeSettings(
        host,
        port,
        engines,
        api_key,
        pacing.value,
        named,
        tuple(fault or ()),
        fault_seed,
        tuple(quirk or ()),
        allow_hosts=tuple(allow_host or ()),
        allow_origins=tuple(allow_origin or ()),
        allow_mcp=tuple(allow_mcp or ()),
        allow_mcp_headers=tuple(allow_mcp_header or ()),
        tls_cert=tls_cert,
        tls_key=tls_key,
        upstream=upstream,
        upstream_key_env=upstream_key_env,
        max_sessions=max_sessions,
        max_seconds=max_seconds,
        record=record,
    )
    run_to_end(serve(settings), debug)


app.command("replay")(replay_command)
app.command()(doctor)
app.command()(answer)
app.command()(evaluate)
app.command()(load)
app.command()(report)
app.add_typer(faults)


def _list_devices(debug: bool) -> None:
    try:
        found = list(list_devices())
    except VoiceLiveError as error:
        fail(error, debug)
    for line in device_lines(found):
        typer.echo(line)
    if not found:
        notice("there is no sound device: connect one, or start the sound server")


def _turns_in_order(order: list[str], wavs: list[Path], texts: list[str]) -> tuple[Spoken | Typed, ...]:
    left: dict[str, list[Spoken | Typed]] = {
        "wav": [Spoken(path) for path in wavs],
        "text": [Typed(text) for text in texts],
    }
    return tuple(left[name].pop(0) for name in order if name in left)
