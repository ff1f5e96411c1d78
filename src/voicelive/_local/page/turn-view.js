// Turns as elements of the page: what was said, how it went, and how long it took.

const MAX_TURNS_SHOWN = 200;

// Shows turns in a list. Those that have not changed stay as they are, so that the focus stays where it is.
class TurnList {
  constructor(onPlay) {
    this.box = $("turns");
    this.onPlay = onPlay;
    this.shown = new WeakMap(); // turn -> {as, element}
    this.box.addEventListener("click", (event) => {
      const button = event.target.closest(".hear");
      if (button) this.onPlay(this.playable.get(button));
    });
    this.playable = new WeakMap();
  }

  show(turns) {
    const { box } = this;
    const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 40;
    turns.slice(-MAX_TURNS_SHOWN).forEach((turn, place) => {
      const element = this.elementOf(turn);
      if (box.children[place] !== element) box.insertBefore(element, box.children[place] ?? null);
    });
    while (box.children.length > Math.min(turns.length, MAX_TURNS_SHOWN)) box.lastElementChild.remove();
    if (atEnd) box.scrollTop = box.scrollHeight;
  }

  elementOf(turn) {
    const before = this.shown.get(turn);
    const as = JSON.stringify({ ...turn, spokenTo: turn.spokenTo?.heardAt, sound: Boolean(turn.sound) });
    if (before?.as === as) return before.element;
    const element = turnElement(turn);
    const button = element.querySelector(".hear");
    if (button) this.playable.set(button, turn);
    const focused = before?.element.contains(document.activeElement);
    before?.element.replaceWith(element);
    if (focused) button?.focus();
    this.shown.set(turn, { as, element });
    return element;
  }
}

function turnElement(turn) {
  if (turn.who === "trouble") {
    return el("li", { class: "trouble" }, el("div", { class: "who" }, "Error", el("time", {}, `${seconds(turn.at)} s`)), el("div", { class: "said" }, turn.text), el("span", { class: "tag bad" }, turn.code ?? "error"));
  }
  const who = turn.who === "user" ? (turn.tool ? "Tool" : "User") : "Assistant";
  const said = turn.text || (turn.failed ? "" : turn.calls?.length ? "" : turn.spoken && turn.heardAt === undefined ? "listening" : turn.status === "in_progress" ? "thinking" : "no words");
  const at = `${seconds(turn.at)} s`;
  const hear = turn.sound ? el("button", { type: "button", class: "hear", "aria-label": `Hear what the ${who.toLowerCase()} said at ${at}` }, "▶") : null;
  const line = el("li", { class: turn.who }, el("div", { class: "who" }, who, el("time", {}, at), hear));
  if (said) line.append(el("div", { class: turn.text ? "said" : "said none" }, said));
  for (const call of turn.calls ?? []) line.append(el("div", {}, el("code", {}, call)));
  if (turn.bargeIn) line.append(el("span", { class: "tag" }, "interrupts the answer"));
  if (turn.failed) line.append(el("span", { class: "tag bad" }, turn.failed));
  if ((turn.cutAt !== undefined || turn.heardMs !== undefined) && turn.firstAudioAt !== undefined) {
    const heard = turn.heardMs ?? Math.max(0, Math.min(turn.audioMs, turn.cutAt - turn.firstAudioAt));
    line.append(el("span", { class: "tag" }, `interrupted: ${seconds(heard)} of ${seconds(turn.audioMs)} s heard`));
  }
  if (turn.status && !["completed", "in_progress"].includes(turn.status)) line.append(el("span", { class: "tag bad" }, turn.reason ? `${turn.status}: ${turn.reason}` : turn.status));
  if (turn.who === "assistant" && turn.after !== undefined) line.append(...timesOf(turn));
  return line;
}

// From the end of what was asked to the first sound, in the parts that it is made of.
function timesOf(turn) {
  const first = turn.firstAudioAt ?? turn.firstTextAt;
  if (first === undefined) return [];
  const heard = turn.spokenTo?.heardAt;
  const parts = [];
  const words = [];
  const total = Math.max(1, first - turn.after);
  if (heard !== undefined && heard >= turn.after && heard <= first) {
    parts.push(["heard", heard - turn.after]);
    words.push(`transcript ${Math.round(heard - turn.after)} ms`);
  }
  if (turn.firstTextAt !== undefined) {
    const before = parts.reduce((sum, part) => sum + part[1], 0);
    parts.push(["thought", Math.max(0, turn.firstTextAt - turn.after - before)]);
    words.push(`first text ${Math.round(turn.firstTextAt - turn.after)} ms`);
  }
  parts.push(["voiced", total - parts.reduce((sum, part) => sum + part[1], 0)]);
  const gauge = el("div", { class: "gauge", "aria-hidden": "true" });
  for (const [name, ms] of parts) {
    const part = el("i", { class: name });
    part.style.width = `${(ms / total) * 100}%`;
    gauge.append(part);
  }
  const end = turn.spokenTo?.stoppedAt !== undefined ? "end of speech" : "request";
  const sound = turn.firstAudioAt !== undefined ? [el("b", {}, `first audio ${Math.round(turn.firstAudioAt - turn.after)} ms`), ` after ${end}`] : [`after ${end}`];
  const text = el("div", {}, ...(turn.firstAudioAt !== undefined ? sound : []), words.length ? (turn.firstAudioAt !== undefined ? ` · ${words.join(" · ")}` : `${words.join(" · ")} after ${end}`) : "");
  return [el("div", { class: "times" }, gauge, text)];
}
