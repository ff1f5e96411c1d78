// Puts the parts together: one session is shown at a time.

const wire = new Wire(pushed, linkChanged);
const waveform = new Waveform($("waveform"), (at) => list.selectAt(at));
const conversation = new Conversation(waveform);
const list = new EventList((event) => {
  waveform.cursor = event ? event.at : null;
  waveform.draw();
});
const panel = new FaultPanel(wire, () => shown ?? "");
const turnList = new TurnList((turn) => playback.play(shown, turn.sound.from, turn.sound.to, [turn.who]));
const playback = new Playback(wire, waveform, hearingChanged);
const talk = new TalkPanel({ key: () => wire.key, onSession: talksIn });

let sessions = [];
let shown = null;
let now = 0; // the clock of the session shown, in ms
let own = null; // the session that this page talks in

function linkChanged(state) {
  const link = $("link");
  link.className = `link ${state === "on" ? "on" : "off"}`;
  setText(link, {
    on: "connected",
    off: "the service is gone: start it again; trying again",
    refused: document.body.dataset.needsKey === "yes" ? "not let in: check the key; trying again" : "the service does not answer: start it; trying again",
  }[state]);
  const needsKey = document.body.dataset.needsKey === "yes";
  $("key-form").hidden = !needsKey || state === "on";
  if (state !== "on") return;
  panel.load().catch(() => {});
  if (shown !== null) show(shown);
}

function pushed(said) {
  if (said.push === "sessions") sessionsChanged(said.sessions);
  else if (said.push === "faults") panel.show(said.faults);
  else if (said.push === "events" && said.session === shown) {
    for (const event of said.events) conversation.take(event);
    now = said.events.at(-1)?.at ?? now;
    playback.cut();
    playback.heard(shown, said.events);
    list.add(said.events);
    refresh();
  }
}

// --- sessions ---

function sessionsChanged(now) {
  const newest = now[now.length - 1];
  const isNew = newest && !sessions.some((session) => session.id === newest.id);
  sessions = now;
  if (newest && (shown === null || (isNew && $("follow-sessions").checked))) show(newest.id);
  paintSessions();
}

function show(id) {
  if (id !== shown) playback.stop();
  shown = id;
  now = 0;
  conversation.clear();
  waveform.clear();
  list.clear();
  refresh();
  paintSessions();
  wire.ask("watch", { session: id }).catch(() => {});
}

function stateOf(session) {
  if (!session.closed) return ["live", "live"];
  const ordinary = session.close_code === 1000 || session.close_code === 1001 || session.close_code === 1005;
  return [`closed ${session.close_code ?? ""}`.trim(), ordinary ? "" : "bad"];
}

function paintSessions() {
  const box = $("sessions");
  $("no-sessions").hidden = sessions.length > 0;
  const runs = sessions.some((session) => session.id === shown && !session.closed);
  for (const button of document.querySelectorAll("[data-fault]")) button.disabled = !runs;
  $("listen").disabled = !runs || shown === own;
  if (!runs && playback.state === "listen") playback.stop();
  box.replaceChildren(...[...sessions].reverse().map((session) => {
    const [state, look] = stateOf(session);
    const chosen = session.id === shown;
    const opened = new Date(session.opened_at * 1000).toLocaleTimeString("en-GB");
    return el("div", {
      role: "option", id: `session-${session.id}`, "aria-selected": chosen ? "true" : "false", title: session.id,
      onclick: () => show(session.id),
    },
      el("b", {}, session.model || "agent", el("span", { class: look }, state)),
      el("small", {}, `${opened} · ${session.received} ↑ ${session.sent} ↓`),
      el("small", {}, session.close_reason || session.id));
  }));
  if (shown !== null && sessions.some((session) => session.id === shown)) box.setAttribute("aria-activedescendant", `session-${shown}`);
}

listKeys($("sessions"), () => 5, (step) => {
  const ids = [...sessions].reverse().map((session) => session.id);
  if (!ids.length) return;
  const next = Math.min(ids.length - 1, Math.max(0, ids.indexOf(shown) + step));
  $("follow-sessions").checked = next === 0;
  if (ids[next] !== shown) show(ids[next]);
  document.getElementById(`session-${shown}`)?.scrollIntoView({ block: "nearest" });
});

// --- talking and hearing ---

function talksIn(id) {
  own = id;
  show(id);
}

function hearingChanged(state, text) {
  setText($("hearing"), text);
  setText($("play"), state === "play" ? "■ Stop" : "▶ Play");
  setText($("listen"), state === "listen" ? "■ Stop" : "Listen in");
  $("listen").setAttribute("aria-pressed", String(state === "listen"));
}

$("play").addEventListener("click", () => {
  if (playback.state === "play") playback.stop();
  else playback.play(shown, waveform.cursor ?? 0, Infinity);
});
$("listen").addEventListener("click", () => {
  if (playback.state === "listen") playback.stop();
  else playback.listen(shown, now);
});

// --- sound and conversation ---

const refresh = eachFrame(() => {
  waveform.draw();
  describeSound(waveform, conversation.bargeIns);
  $("no-turns").hidden = conversation.turns.length > 0;
  turnList.show(conversation.turns);
  $("play").disabled = !waveform.user.streamed && !waveform.assistant.streamed;
});

soundControls(waveform);

$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  wire.key = $("key").value;
  if (wire.socket?.readyState !== WebSocket.OPEN) setText($("link"), "trying the key");
});

if (document.body.dataset.needsKey === "yes") $("key-form").hidden = false;
wire.open();
