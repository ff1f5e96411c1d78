"""The page of the local service, in a browser."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from voicelive import connect
from voicelive.local import LocalService, LocalServiceError, ThreadedLocalService

from ..outside import leave_out
from .conftest import ANSWER, DEADLINE_MS, INTERRUPTION, QUESTION, Watched


def ink(page: Page) -> dict[str, int]:
    """Return how many pixels of the waveform have the color of the user, the assistant, and what went unheard."""
    counted: dict[str, int] = page.evaluate(
        """() => {
            const canvas = document.getElementById("waveform");
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            const style = getComputedStyle(document.documentElement);
            const counts = {};
            for (const name of ["user", "assistant", "unheard", "trouble"]) {
                const color = style.getPropertyValue(`--${name}`).trim();
                const [r, g, b] = [1, 3, 5].map((place) => parseInt(color.slice(place, place + 2), 16));
                counts[name] = 0;
                for (let at = 0; at < data.length; at += 4) {
                    if (data[at] === r && data[at + 1] === g && data[at + 2] === b) counts[name] += 1;
                }
            }
            return counts;
        }"""
    )
    return counted


def test_both_transcripts_and_the_barge_in_are_shown(watched: Watched) -> None:
    """Who said what, who interrupted whom, and what was heard of the answer."""
    turns = watched.page.locator("#turns li")
    for index, text in enumerate((QUESTION, ANSWER, INTERRUPTION, f"You said {INTERRUPTION}")):
        expect(turns.nth(index).locator(".said")).to_have_text(text)
    expect(turns.nth(1)).to_contain_text(re.compile(r"interrupted: \d+\.\d\d of \d+\.\d\d s heard"))
    expect(turns.nth(2)).to_contain_text("interrupts the answer")
    expect(watched.page.locator("#sound-summary")).to_contain_text("1 barge-in")


def test_latencies_are_shown(watched: Watched) -> None:
    """From the end of speech to the first audio, with what it is made of."""
    for index in (1, 3):
        times = watched.page.locator("#turns li").nth(index).locator(".times")
        expect(times).to_contain_text(
            re.compile(r"first audio \d+ ms after end of speech · transcript \d+ ms · first text \d+ ms")
        )


def test_the_waveform_shows_both_directions(watched: Watched) -> None:
    """Sound of the user, of the assistant, and in another color what the barge-in kept from being heard."""
    counts = ink(watched.page)
    assert all(count > 50 for count in counts.values()), counts
    label = watched.page.locator("#waveform").get_attribute("aria-label")
    assert label is not None
    assert re.search(r"Waveform: user \d+\.\d+ s, assistant \d+\.\d+ s, 1 barge-in", label)


def test_events_are_filtered_by_type_and_text(watched: Watched) -> None:
    """The list keeps what fits, and says how many of how many."""
    page = watched.page
    text = page.get_by_label("Type or text to look for")
    text.fill("speech_started")
    expect(page.locator(".row .type")).to_have_text(["input_audio_buffer.speech_started"] * 2)
    expect(page.locator("#event-count")).to_have_text(re.compile(r"^2 of \d+"))
    text.fill(INTERRUPTION)
    assert "response.audio_transcript.done" in page.locator(".row .type").all_inner_texts()
    text.fill("")
    page.get_by_label("Family of events").select_option("session")
    expect(page.locator(".row .type")).to_have_text(["session.created", "session.update", "session.updated"])
    page.get_by_label("Direction").select_option("in")
    expect(page.locator(".row .type")).to_have_text(["session.update"])
    page.get_by_label("Direction").select_option("")
    page.get_by_label("Family of events").select_option("")


def test_runs_are_grouped_unless_told_otherwise(watched: Watched) -> None:
    """A run of audio is one row with its length; ungrouped, every event has its row."""
    page = watched.page
    page.get_by_label("Type or text to look for").fill("input_audio_buffer.append")
    expect(page.locator(".row .sum").first).to_have_text(re.compile("\u00d7" r"\d+  \d+\.\d\d s of sound"))
    page.get_by_label("Group runs").uncheck()
    expect(page.locator(".row .sum").first).to_have_text("50 ms of sound")
    page.get_by_label("Group runs").check()
    page.get_by_label("Type or text to look for").fill("")


def test_the_payload_of_an_event_is_shown(watched: Watched) -> None:
    """All of it, but base64 only as a beginning and a length."""
    page = watched.page
    page.get_by_label("Type or text to look for").fill("response.audio.delta")
    page.locator(".row").first.click()
    expect(page.locator("#payload-title")).to_have_text("response.audio.delta")
    expect(page.locator("#payload-facts")).to_contain_text("200 ms of sound")
    payload = page.locator("#payload").inner_text()
    assert re.search(r'"delta": ".{64}… \(12,800 characters\)"', payload)
    assert '"response_id": "resp_' in payload
    page.get_by_label("Type or text to look for").fill("")


def test_the_keyboard_is_enough(watched: Watched) -> None:
    """Tab reaches every part, arrow keys move through the lists, and the focus is always seen."""
    page = watched.page
    page.get_by_label("Follow", exact=True).uncheck()
    page.locator("#events").focus()
    page.keyboard.press("Home")
    expect(page.locator("#payload-title")).to_have_text("session.created")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".row[aria-selected=true] .type")).to_have_text("session.update")
    active = page.locator("#events").get_attribute("aria-activedescendant")
    assert active == page.locator(".row[aria-selected=true]").get_attribute("id")
    page.keyboard.press("End")
    expect(page.locator(".row[aria-selected=true]")).to_have_attribute("aria-posinset", re.compile(r"\d\d+"))
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "payload"

    page.locator("body").evaluate("() => { document.activeElement.blur(); }")
    reached, outlines = [], []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
        if reached[-1] == reached[0] and len(reached) > 1:
            break
        # Between the last part and the first, the focus is outside of the page.
        outlines.append(
            page.evaluate(
                """() => document.activeElement === document.body
                    ? "outside" : getComputedStyle(document.activeElement).outlineStyle"""
            )
        )
    parts = ("talk", "Devices, model and voice", "turns", "play", "waveform", "sessions", "filter-text", "events")
    for part in (*parts, "fault-kind", "fault-options", "Add fault"):
        assert part in reached, reached
    assert "none" not in outlines, list(zip(reached, outlines, strict=False))

    page.locator("#waveform").focus()
    before = ink(page)
    page.keyboard.press("+")
    page.keyboard.press("ArrowLeft")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert ink(page) != before
    page.keyboard.press("Home")


def test_everything_has_a_name(watched: Watched) -> None:
    """No control without a label, no identifier twice, one first heading, a language, and titles for every part."""
    page = watched.page
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, [tabindex='0'], [role=listbox], section")]
            .filter((element) => {
                const labelled = (element.getAttribute("aria-labelledby") ?? "").split(" ")
                    .some((id) => document.getElementById(id)?.textContent.trim());
                return !(labelled || element.getAttribute("aria-label") || element.labels?.length
                    || (element.tagName === "BUTTON" && element.textContent.trim()));
            }).map((element) => element.outerHTML.slice(0, 100))"""
    )
    assert nameless == []
    ids = page.evaluate("() => [...document.querySelectorAll('[id]')].map((element) => element.id)")
    assert len(ids) == len(set(ids))
    assert page.locator("h1").count() == 1
    assert page.locator("html").get_attribute("lang") == "en"
    wrong = page.evaluate(
        """() => [...document.querySelectorAll("[aria-controls], [aria-describedby], [aria-activedescendant]")]
            .filter((element) => ["aria-controls", "aria-describedby", "aria-activedescendant"]
                .some((name) => element.hasAttribute(name) && !document.getElementById(element.getAttribute(name))))
            .map((element) => element.id)"""
    )
    assert wrong == []


def test_it_is_light_and_dark(watched: Watched) -> None:
    """It follows the color scheme of the system, the waveform too, and its texts stand out in both."""
    page = watched.page
    grounds = {}
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        grounds[scheme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert all(count > 50 for count in ink(page).values())
        assert contrasts_too_weak(page) == []
    assert grounds["light"] != grounds["dark"]
    page.emulate_media(color_scheme="light")


def contrasts_too_weak(page: Page) -> list[str]:
    """Return the texts whose contrast is below 4.5 to 1."""
    found: list[str] = page.evaluate(
        """() => {
            const parts = (color) => color.match(/[\\d.]+/g).map(Number);
            const light = (color) => {
                const [r, g, b] = parts(color).map((part) => {
                    const c = part / 255;
                    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
                });
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const ground = (element) => {
                for (let at = element; at; at = at.parentElement) {
                    const color = getComputedStyle(at).backgroundColor;
                    if (parts(color)[3] !== 0) return color;
                }
                return "rgb(255, 255, 255)";
            };
            const weak = [];
            const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            for (let text = texts.nextNode(); text; text = texts.nextNode()) {
                const element = text.parentElement;
                if (!text.textContent.trim() || !element.checkVisibility()) continue;
                if (element.closest("script, style, :disabled")) continue;
                const both = [light(getComputedStyle(element).color), light(ground(element))];
                const contrast = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
                if (contrast < 4.5) weak.push(`${text.textContent.trim().slice(0, 40)} ${contrast.toFixed(2)}`);
            }
            return weak;
        }"""
    )
    return found


def test_a_fault_closes_the_session_shown(watched: Watched, service: ThreadedLocalService, browser: Browser) -> None:
    """The control closes the session, the page says so, and what waits is listed and cleared."""
    page = watched.page
    with connect(endpoint=service.endpoint, model="gpt-4.1-mini") as conn:
        conn.wait_for("session.created", timeout=DEADLINE_MS / 1000)
        shown = page.locator("#sessions [aria-selected=true]")
        expect(shown).to_contain_text("gpt-4.1-mini")
        expect(shown).to_contain_text("live")
        page.get_by_label("Fault", exact=True).select_option("close")
        page.get_by_label("code").fill("4321")
        page.get_by_label("Options", exact=True).fill("reason=enough")
        page.get_by_label("Only the session shown").check()
        page.get_by_role("button", name="Add fault").click()
        expect(shown).to_contain_text("closed 4321")
        expect(shown).to_contain_text("enough")
        assert service.sessions[-1].close_code == 4321
    page.get_by_label("Only the session shown").uncheck()
    page.get_by_label("Options", exact=True).fill("event=nothing.at.all")
    page.get_by_role("button", name="Add fault").click()
    expect(page.locator("#fault-list li")).to_contain_text("close:4321@event=nothing.at.all")
    page.get_by_label("Clear close:4321@event=nothing.at.all").click()
    expect(page.locator("#fault-list li")).to_have_count(0)
    assert len(service.faults) == 0
    page.get_by_label("Options", exact=True).fill("colour=red")
    page.get_by_role("button", name="Add fault").click()
    expect(page.get_by_role("alert")).to_contain_text("close has no 'colour': use one of")
    page.get_by_label("Options", exact=True).fill("")
    page.locator("#sessions").press("End")
    expect(page.locator("#turns li")).to_have_count(4)


def test_what_comes_from_a_session_is_never_markup(watched: Watched, service: ThreadedLocalService) -> None:
    """Text with tags in it is shown as it is."""
    page = watched.page
    evil = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
    with connect(endpoint=service.endpoint, model=evil) as conn:
        conn.session.update(session={"modalities": ["text"], "instructions": evil})
        conn.conversation.item.create(
            item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": evil}]}
        )
        conn.response.create()
        conn.wait_for("response.done", timeout=DEADLINE_MS / 1000)
        page.get_by_label("Follow new sessions").check()
        page.locator("#sessions").press("Home")
        expect(page.locator("#turns li .said").first).to_have_text(evil)
        page.get_by_label("Type or text to look for").fill("onerror")
        page.locator(".row").last.click()
        expect(page.locator("#payload")).to_contain_text("onerror")
    assert page.locator("img").count() == 0
    assert page.title() == "Voice Live sessions on this machine"
    page.get_by_label("Type or text to look for").fill("")
    page.locator("#sessions").press("End")
    expect(page.locator("#turns li")).to_have_count(4)


def test_thousands_of_events_stay_few_elements(watched: Watched, service: ThreadedLocalService) -> None:
    """The list holds them all, the document only those in sight."""
    page = watched.page
    page.get_by_label("Group runs").uncheck()
    with connect(endpoint=service.endpoint, model="gpt-4o") as conn:
        page.locator("#sessions").press("Home")
        for _ in range(3000):
            conn.output_audio_buffer.clear()
        expect(page.locator("#event-count")).to_have_text(re.compile(r"^(4,[0-9]{3}|5,000|[56],[0-9]{3})"))
        assert page.locator(".row").count() < 80
        page.locator("#events").press("End")
        expect(page.locator(".row[aria-selected=true]")).to_be_visible()
    page.get_by_label("Group runs").check()
    page.locator("#sessions").press("End")
    expect(page.locator("#turns li")).to_have_count(4)


def test_nothing_leaves_the_origin_and_nothing_goes_wrong(watched: Watched, service: ThreadedLocalService) -> None:
    """Page and control endpoint are all that was ever asked for, and the console is clean."""
    hosts = {urlsplit(url).netloc for url in watched.requests if not url.startswith("data:")}
    assert hosts == {f"127.0.0.1:{service.port}"}
    assert watched.problems == []


def test_it_says_when_the_service_is_gone_and_comes_back(browser: Browser) -> None:
    """The page tells that the service is gone, and goes on when it is there again."""
    page = browser.new_page()
    page.set_default_timeout(DEADLINE_MS)
    with LocalService.in_thread(control=True) as service:
        port = service.port
        page.goto(service.endpoint)
        expect(page.locator("#link")).to_have_text("connected")
    expect(page.locator("#link")).to_contain_text("trying again")
    with LocalService.in_thread(port=port, control=True):
        expect(page.locator("#link")).to_have_text("connected")
    page.close()


@pytest.mark.parametrize("host", ["localhost", "::1"])
def test_it_works_under_other_names_of_this_machine(browser: Browser, host: str) -> None:
    """Its policy lets it reach the control endpoint under whatever name it was opened."""
    try:
        running = LocalService.in_thread(host, control=True).start()
    except LocalServiceError as error:
        leave_out(f"no {host} on this machine: {error}", "give this machine IPv6 and an entry in /etc/hosts")
    page = browser.new_page()
    page.set_default_timeout(DEADLINE_MS)
    page.goto(running.endpoint)
    expect(page.locator("#link")).to_have_text("connected")
    page.close()
    running.stop()


def test_a_key_is_asked_for(browser: Browser) -> None:
    """Where the service has a key, the page asks for it before it shows anything."""
    page = browser.new_page()
    page.set_default_timeout(DEADLINE_MS)
    with LocalService.in_thread(control=True, api_key="s3cret") as service:
        page.goto(service.endpoint)
        page.get_by_label("Key of this service").fill("s3cret")
        page.get_by_role("button", name="Look in").click()
        expect(page.locator("#link")).to_have_text("connected")
        expect(page.locator("#key-form")).to_be_hidden()
    page.close()
