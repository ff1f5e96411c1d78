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
    this.bySpoken = new Map(); // answers by the items that were spoken in them
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
      else if (type === "conversation.item.truncate") this.truncated(payload);
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
      waveform.user.add(event.at - ms, ms, levels, event.n);
      return;
    }
    const piece = waveform.assistant.add(event.at, ms, levels, event.n);
    const answer = this.byResponse.get(event.payload.response_id);
    if (!answer) return;
    this.playing = answer;
    this.bySpoken.set(event.payload.item_id, answer);
    answer.sound ??= { from: piece.from, to: piece.from };
    answer.sound.to = piece.from + piece.ms;
    answer.audioMs += ms;
    if (answer.firstAudioAt === undefined) {
      answer.firstAudioAt = event.at;
      if (answer.spokenTo?.stoppedAt !== undefined) waveform.marks.push({ kind: "latency", from: answer.spokenTo.stoppedAt, to: event.at });
    }
  }

  // A client that knows what was heard says so.
  truncated({ item_id: id, audio_end_ms: ms }) {
    const answer = this.bySpoken.get(id);
    if (answer && Number.isFinite(ms)) answer.heardMs = ms;
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
    turn.sound = { from, to: Infinity };
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
    if (turn.mark) turn.mark.to = turn.sound.to = this.waveform.user.clock(payload.audio_end_ms ?? Infinity);
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
