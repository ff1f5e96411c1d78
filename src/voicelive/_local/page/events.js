// The list of events: filtered, with runs of the same in one row, and only the rows in sight in the document.

const ROW_HEIGHT = 26;
const MAX_EVENTS = 20000;

const RUNS = new Set(["input_audio_buffer.append", "input_audio.turn.append"]);
const inRuns = (event) => RUNS.has(event.type) || event.type.endsWith(".delta");

const WAYS = { in: ["↑", "from the client"], out: ["↓", "from the service"], local: ["•", "the library's own"] };

function familyOf(event) {
  if (event.fault || event.type === "error" || event.type === "warning" || event.type.startsWith("(") || event.type.endsWith(".failed")) return "trouble";
  const type = event.type;
  if (type.startsWith("session.") || type.startsWith("transcription_session.")) return "session";
  if (type.startsWith("input_")) return "input";
  if (type.startsWith("conversation.")) return "conversation";
  if (type.startsWith("response.") || type.startsWith("output_")) return "response";
  return "";
}

function summaryOf(event) {
  const { payload } = event;
  if (event.fault) return event.fault;
  if (event.audio) return `${Math.round(event.audio.ms)} ms of sound`;
  if (payload === null || typeof payload !== "object") return String(payload);
  if (payload.error?.message) return payload.error.message;
  for (const key of ["transcript", "text", "delta", "arguments"]) if (typeof payload[key] === "string" && payload[key]) return JSON.stringify(payload[key]);
  if (payload.response?.status) return payload.response.status_details?.reason ? `${payload.response.status}: ${payload.response.status_details.reason}` : payload.response.status;
  if (payload.item?.type) return [payload.item.role, payload.item.type, payload.item.status].filter(Boolean).join(" ");
  if (payload.session && event.dir === "in") return Object.keys(payload.session).join(", ");
  if (payload.audio_start_ms !== undefined) return `at ${payload.audio_start_ms} ms`;
  if (payload.audio_end_ms !== undefined) return `at ${payload.audio_end_ms} ms`;
  return payload.code ?? "";
}

class EventList {
  constructor(onSelect) {
    this.box = $("events");
    this.rowsBox = $("rows");
    this.onSelect = onSelect;
    this.events = [];
    this.rows = [];
    this.selected = null;
    this.draw = eachFrame(() => this.paint());
    this.box.addEventListener("scroll", () => {
      const end = this.box.scrollTop + this.box.clientHeight >= this.rows.length * ROW_HEIGHT - ROW_HEIGHT;
      if (!end && !this.scrolling) $("follow-events").checked = false;
      this.scrolling = false;
      this.draw();
    });
    new ResizeObserver(this.draw).observe(this.box);
    this.rowsBox.addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      if (row) this.select(Number(row.dataset.index));
    });
    listKeys(this.box, () => Math.max(1, Math.floor(this.box.clientHeight / ROW_HEIGHT) - 1), (step) => {
      $("follow-events").checked = false;
      const now = this.index();
      const last = this.rows.length - 1;
      const fromNowhere = step === Infinity || step === -1 ? last : 0;
      this.select(now < 0 ? fromNowhere : Math.min(last, Math.max(0, now + step)));
    }, () => $("payload").focus());
    for (const id of ["filter-text", "filter-family", "filter-direction", "group-runs"]) $(id).addEventListener("input", () => this.filter());
    $("follow-events").addEventListener("change", this.draw);
  }

  clear() {
    this.events = [];
    this.rows = [];
    this.selected = null;
    this.show(null);
    this.draw();
  }

  add(events) {
    this.events.push(...events);
    if (this.events.length > MAX_EVENTS) {
      this.events.splice(0, this.events.length - MAX_EVENTS);
      this.filter();
      return;
    }
    for (const event of events) this.addRow(event);
    this.draw();
  }

  filter() {
    this.rows = [];
    for (const event of this.events) this.addRow(event);
    this.paint();
    // What was chosen stays in sight among its neighbours, where it is among the rows at all.
    const chosen = this.index();
    if (chosen >= 0 && !$("follow-events").checked) this.scrollTo(chosen * ROW_HEIGHT - this.box.clientHeight / 2);
  }

  addRow(event) {
    if (!this.fits(event)) return;
    const last = this.rows[this.rows.length - 1];
    const same = last && last.event.type === event.type && last.event.dir === event.dir && !event.fault && !last.event.fault;
    if ($("group-runs").checked && same && inRuns(event)) {
      last.count += 1;
      last.sound += event.audio?.ms ?? 0;
      last.words += typeof event.payload?.delta === "string" && !event.audio ? event.payload.delta : "";
      return;
    }
    const words = typeof event.payload?.delta === "string" && !event.audio ? event.payload.delta : "";
    this.rows.push({ event, count: 1, sound: event.audio?.ms ?? 0, words });
  }

  fits(event) {
    const direction = $("filter-direction").value;
    if (direction && event.dir !== direction) return false;
    const family = $("filter-family").value;
    if (family && familyOf(event) !== family) return false;
    const wanted = $("filter-text").value.trim().toLowerCase();
    if (!wanted || event.type.toLowerCase().includes(wanted)) return true;
    event.text ??= JSON.stringify(event.payload).toLowerCase();
    return event.text.includes(wanted);
  }

  index() {
    if (this.selected === null) return -1;
    let low = 0;
    let high = this.rows.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.rows[middle].event.n <= this.selected) low = middle;
      else high = middle - 1;
    }
    return this.rows.length && this.rows[low].event.n <= this.selected ? low : -1;
  }

  select(index) {
    const row = this.rows[index];
    if (!row) return;
    this.selected = row.event.n;
    const top = index * ROW_HEIGHT;
    if (top < this.box.scrollTop) this.scrollTo(top);
    else if (top + ROW_HEIGHT > this.box.scrollTop + this.box.clientHeight) this.scrollTo(top + ROW_HEIGHT - this.box.clientHeight);
    this.show(row);
    this.paint();
  }

  selectAt(at) {
    const index = this.rows.findIndex((row) => row.event.at >= at);
    $("follow-events").checked = false;
    this.select(index < 0 ? this.rows.length - 1 : index);
  }

  scrollTo(top) {
    const before = this.box.scrollTop;
    this.box.scrollTop = top;
    this.scrolling = this.box.scrollTop !== before;
  }

  show(row) {
    this.onSelect(row ? row.event : null);
    const pre = $("payload");
    if (!row) {
      setText($("payload-title"), "Payload");
      setText($("payload-facts"), "");
      pre.replaceChildren("Choose an event: arrow keys move through the list.");
      return;
    }
    const { event, count } = row;
    setText($("payload-title"), event.type);
    const facts = [`#${event.n}`, WAYS[event.dir][1], `at ${seconds(event.at)} s`, `${event.size.toLocaleString("en")} bytes`];
    if (event.audio) facts.push(`${event.audio.ms} ms of sound`);
    if (event.fault) facts.push(`fault ${event.fault}`);
    if (event.lost) facts.push("not sent");
    if (count > 1) facts.push(`first of ${count} in a run`);
    setText($("payload-facts"), facts.join(" · "));
    pre.replaceChildren(...painted(event.payload));
    pre.scrollTop = 0;
  }

  paint() {
    const { box, rowsBox, rows } = this;
    rowsBox.style.height = `${rows.length * ROW_HEIGHT}px`;
    if ($("follow-events").checked) {
      const end = rows.length * ROW_HEIGHT - box.clientHeight;
      if (end > 0 && Math.abs(box.scrollTop - end) > 1) this.scrollTo(end);
    }
    const chosen = this.index();
    const first = Math.max(0, Math.floor(box.scrollTop / ROW_HEIGHT) - 6);
    const last = Math.min(rows.length, Math.ceil((box.scrollTop + box.clientHeight) / ROW_HEIGHT) + 6);
    const shown = [];
    for (let index = first; index < last; index++) shown.push(this.rowElement(index, index === chosen));
    // The chosen row stays in the document: the list says that it is the active one.
    if (chosen >= 0 && (chosen < first || chosen >= last)) shown.push(this.rowElement(chosen, true));
    rowsBox.replaceChildren(...shown);
    if (chosen >= 0) box.setAttribute("aria-activedescendant", `row-${rows[chosen].event.n}`);
    else box.removeAttribute("aria-activedescendant");
    const total = this.events.length;
    const matching = rows.reduce((sum, row) => sum + row.count, 0);
    setText($("event-count"), matching === total ? `${total.toLocaleString("en")}` : `${matching.toLocaleString("en")} of ${total.toLocaleString("en")}`);
  }

  rowElement(index, chosen) {
    const { event, count, sound, words } = this.rows[index];
    const family = familyOf(event);
    const classes = ["row", event.dir, family === "trouble" ? (event.fault ? "fault" : "trouble") : "", event.lost ? "lost" : ""];
    let summary = summaryOf(event);
    if (count > 1) summary = `×${count}  ${sound ? `${seconds(sound)} s of sound` : words ? JSON.stringify(shortened(words, 120)) : ""}`;
    const element = el("div", {
      class: classes.filter(Boolean).join(" "), role: "option", id: `row-${event.n}`, "data-index": index,
      "aria-selected": chosen ? "true" : "false", "aria-setsize": this.rows.length, "aria-posinset": index + 1,
    },
      el("span", { class: "at" }, seconds(event.at)),
      el("span", { class: "way", role: "img", "aria-label": WAYS[event.dir][1] }, WAYS[event.dir][0]),
      el("span", { class: "type" }, event.type),
      el("span", { class: "sum" }, shortened(String(summary), 160)));
    element.style.top = `${index * ROW_HEIGHT}px`;
    return element;
  }
}

// JSON with its names and texts in color, as text nodes.
function painted(value) {
  const text = JSON.stringify(value, null, 2) ?? "";
  const parts = [];
  let done = 0;
  for (const found of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi)) {
    parts.push(text.slice(done, found.index));
    const kind = found[1] === undefined ? "other" : found[2] === undefined ? "text" : "key-name";
    parts.push(el("span", { class: kind }, found[1] ?? found[0]), found[2] ?? "");
    done = found.index + found[0].length;
  }
  parts.push(text.slice(done));
  return parts;
}
