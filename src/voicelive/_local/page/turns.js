// The conversation as turns, read from the events: who said what, what came when, who interrupted whom.

// The draft v1 calls the same events by other names.
const plainType = (type) => type.replace(/^response\.output_(text|audio)/, "response.$1");

class Conversation {
  constructor(waveform) {
    this.waveform = waveform;
    this.clear();
  }

  clear() {
    this.turns = [];
    this.byItem = new Map();
    this.byResponse = new Map();
    this.asked = null; // the latest turn of the user
    this.playing = null; // the answer that is being heard
    this.bargeIns = 0;
    this.interrupts = true; // whether speech of the user ends what is heard
  }

  take(event) {
    const { payload, at } = event;
    if (event.lost || payload === null || typeof payload !== "object") return;
    const type = plainType(event.type);
    if (event.audio) this.sound(event, type);
    if (event.dir === "in") {
      if (type === "conversation.item.create") this.created(payload.item, at);
      else if (type === "response.create" && (!this.asked || this.asked.answered)) this.asked = { endedAt: at, answered: false };
      return;
    }
    const user = this.byItem.get(payload.item_id);
    const answer = this.byResponse.get(payload.response_id ?? payload.response?.id);
    if (type === "session.created" || type === "session.updated") this.configured(payload.session);
    else if (type === "input_audio_buffer.speech_started") this.started(payload, at);
    else if (type === "input_audio_buffer.speech_stopped") this.stopped(payload, at);
    else if (type === "input_audio_buffer.committed") this.committed(payload, at);
    else if (type.startsWith("conversation.item.input_audio_transcription.") && user) this.transcribed(user, type, payload, at);
    else if (type === "response.created" && payload.response) this.answered(payload.response, at);
    else if (answer) this.answering(answer, type, payload, at);
    else if (type === "error") this.turns.push({ who: "trouble", at, text: payload.error?.message ?? "error", code: payload.error?.code });
  }

  configured(session) {
    const detection = session?.turn_detection ?? session?.audio?.input?.turn_detection;
    this.interrupts = detection?.interrupt_response !== false;
  }

  sound(event, type) {
    const { waveform } = this;
    const { ms, levels } = event.audio;
    if (event.dir === "in") {
      waveform.user.add(event.at - ms, ms, levels);
      return;
    }
    waveform.assistant.add(event.at, ms, levels);
    const answer = this.byResponse.get(event.payload.response_id);
    if (!answer) return;
    this.playing = answer;
    answer.audioMs += ms;
    if (answer.firstAudioAt === undefined) {
      answer.firstAudioAt = event.at;
      if (answer.spokenTo?.stoppedAt !== undefined) waveform.marks.push({ kind: "latency", from: answer.spokenTo.stoppedAt, to: event.at });
    }
  }

  user(itemId, at) {
    let turn = this.byItem.get(itemId);
    if (!turn) {
      turn = { who: "user", at, text: "", spoken: true, answered: false };
      this.byItem.set(itemId, turn);
      this.turns.push(turn);
    }
    return turn;
  }

  created(item, at) {
    if (item?.type === "function_call_output") {
      this.turns.push({ who: "user", at, tool: "result", text: String(item.output ?? ""), answered: true });
      this.asked = { endedAt: at, answered: false };
    }
    if (item?.role !== "user" || !Array.isArray(item.content)) return;
    const text = item.content.map((part) => part?.text ?? "").join(" ").trim();
    this.asked = { who: "user", at, text, endedAt: at, answered: false };
    this.turns.push(this.asked);
  }

  started(payload, at) {
    const turn = this.user(payload.item_id, at);
    const from = this.waveform.user.clock(payload.audio_start_ms ?? 0);
    turn.mark = { kind: "turn", from };
    this.waveform.marks.push(turn.mark);
    const heardUntil = Math.max(at, from);
    if (this.playing && this.interrupts && this.waveform.assistant.flush(heardUntil)) {
      this.waveform.marks.push({ kind: "barge-in", at: heardUntil });
      this.playing.cutAt = heardUntil;
      turn.bargeIn = true;
      this.bargeIns += 1;
      this.playing = null;
    }
  }

  stopped(payload, at) {
    const turn = this.user(payload.item_id, at);
    turn.stoppedAt = turn.endedAt = at;
    if (turn.mark) turn.mark.to = this.waveform.user.clock(payload.audio_end_ms ?? Infinity);
    this.asked = turn;
  }

  committed(payload, at) {
    const turn = this.user(payload.item_id, at);
    turn.endedAt ??= at;
    this.asked = turn;
  }

  transcribed(turn, type, payload, at) {
    if (type.endsWith(".failed")) turn.failed = payload.error?.message ?? "transcription failed";
    else if (type.endsWith(".completed") && payload.transcript) turn.text = payload.transcript;
    turn.heardAt ??= at;
  }

  answered(response, at) {
    const asked = this.asked;
    const turn = { who: "assistant", at, createdAt: at, text: "", calls: [], audioMs: 0, status: "in_progress" };
    if (asked && !asked.answered) {
      asked.answered = true;
      turn.after = asked.endedAt;
      turn.spokenTo = asked;
    }
    this.byResponse.set(response.id, turn);
    this.turns.push(turn);
  }

  answering(turn, type, payload, at) {
    if (type === "response.audio_transcript.delta" || type === "response.text.delta") {
      turn.firstTextAt ??= at;
      if (typeof payload.delta === "string") turn.text += payload.delta;
    } else if (type === "response.function_call_arguments.done") {
      turn.calls.push(`${payload.name ?? "function"}(${payload.arguments ?? ""})`);
      turn.firstTextAt ??= at;
    } else if (type === "response.done") {
      turn.doneAt = at;
      turn.status = payload.response?.status ?? "completed";
      const details = payload.response?.status_details;
      turn.reason = details?.reason ?? details?.error?.code ?? "";
    }
  }
}

const MAX_TURNS_SHOWN = 200;

function turnElement(turn) {
  if (turn.who === "trouble") {
    return el("li", { class: "trouble" }, el("div", { class: "who" }, "Error", el("time", {}, `${seconds(turn.at)} s`)), el("div", { class: "said" }, turn.text), el("span", { class: "tag bad" }, turn.code ?? "error"));
  }
  const who = turn.who === "user" ? (turn.tool ? "Tool" : "User") : "Assistant";
  const said = turn.text || (turn.failed ? "" : turn.calls?.length ? "" : turn.spoken && turn.heardAt === undefined ? "listening" : turn.status === "in_progress" ? "thinking" : "no words");
  const line = el("li", { class: turn.who }, el("div", { class: "who" }, who, el("time", {}, `${seconds(turn.at)} s`)));
  if (said) line.append(el("div", { class: turn.text ? "said" : "said none" }, said));
  for (const call of turn.calls ?? []) line.append(el("div", {}, el("code", {}, call)));
  if (turn.bargeIn) line.append(el("span", { class: "tag" }, "interrupts the answer"));
  if (turn.failed) line.append(el("span", { class: "tag bad" }, turn.failed));
  if (turn.cutAt !== undefined && turn.firstAudioAt !== undefined) {
    const heard = Math.max(0, Math.min(turn.audioMs, turn.cutAt - turn.firstAudioAt));
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
