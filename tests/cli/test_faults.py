"""`voicelive faults` and `voicelive serve --fault`: making a service of another process fail."""

from __future__ import annotations

import urllib.request

import pytest

from voicelive import ConnectionClosed, connect

from .conftest import Command
from .test_serve import serving


def test_faults_are_added_listed_and_cleared_in_another_process(command: Command) -> None:
    """What is added by the command happens in the service, and the list shows what is left."""
    with serving("--port", 0) as (_, environment):
        endpoint = environment["AZURE_VOICELIVE_ENDPOINT"]
        faults = ("close:4003@reason=enough,event=session.updated", "stall:2s@age=1h")
        added = command("faults", "add", *faults, "--endpoint", endpoint)
        assert added.exit_code == 0, added.stderr
        assert added.stdout.splitlines()[0] == "fault_1  close:4003@reason=enough,event=session.updated"
        with connect(endpoint=endpoint, model="gpt-4o") as conn:
            conn.session.update(session={"modalities": ["text"]})
            with pytest.raises(ConnectionClosed) as caught:
                for _ in conn:
                    pass
        assert (caught.value.code, caught.value.reason) == (4003, "enough")
        listed = command("faults", "list", "--endpoint", endpoint)
        assert listed.stdout == "fault_2  stall:2s@age=3600s\n"
        assert command("faults", "clear", "fault_2", "--endpoint", endpoint).stdout == ""
        assert command("faults", "list", "--endpoint", endpoint).stdout == ""


def test_a_service_starts_with_faults_and_a_page(command: Command) -> None:
    """--fault is there from the start, and the address shows a page."""
    options = ("--quirk", "null_error_event_id", "--fault", "refuse:503", "--fault", "expire@age=1h", "--fault-seed", 7)
    with serving("--port", 0, *options) as (_, environment):
        endpoint = environment["AZURE_VOICELIVE_ENDPOINT"]
        assert command("talk", "--text", "hi", "--endpoint", endpoint).exit_code == 2
        assert command("talk", "--text", "hi", "--endpoint", endpoint).exit_code == 0
        assert command("faults", "list", "--endpoint", endpoint).stdout == "fault_2  expire@age=3600s\n"
        with urllib.request.urlopen(endpoint, timeout=20) as page:
            assert b"<title>Voice Live" in page.read()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("faults", "add", "explode", "--endpoint", "http://127.0.0.1:9"), "there is no fault 'explode': use one of"),
        (("faults", "list", "--endpoint", "http://127.0.0.1:9"), "no service answers at http://127.0.0.1:9"),
        (("faults", "clear", "--endpoint", "here"), "'here' is not the address of a service"),
        (("serve", "--fault", "close:1006"), "Close: code cannot be 1006"),
        (("serve", "--quirk", "odd"), "there is no quirk 'odd': use 'replace_updates'"),
    ],
)
def test_what_cannot_be_done_is_one_line(command: Command, arguments: tuple[str, ...], says: str) -> None:
    """Exit code 2, and one line that says what is wrong."""
    result = command(*arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_the_kinds_are_listed(command: Command) -> None:
    """Every fault with what it does and its fields."""
    result = command("faults", "kinds")
    assert result.exit_code == 0
    for line in ("close:CODE", "refuse:STATUS", "reorder:EVENT", "transcription_failure:CODE"):
        assert line in result.stdout.splitlines()
