// A recorded call: the parts of the live page, fed with what was recorded in the place of what arrives.

const call = JSON.parse($("call").textContent);

// In call.wav sound lies where it was heard: nothing has to be placed, or cut.
class RecordedTrack extends Track {
  constructor(pieces) {
    super();
    let last = 0; // what a cut recording does not say of a piece follows the one before
    this.pieces = pieces.map((piece) => {
      const streamed = piece.streamed ?? last;
      last = streamed + piece.ms;
      return { heard: Infinity, ...piece, streamed };
    });
    for (const piece of this.pieces) if (piece.heard > 0) {
      this.end = Math.max(this.end, piece.from + piece.ms);
      this.streamed += piece.ms;
    }
  }

  // Whether something was not heard from about then on.
  flush(at) {
    return this.pieces.some((piece) => piece.heard === 0 && Math.abs(piece.from - at) < 1000);
  }

  ofItem(item) {
    const pieces = this.pieces.filter((piece) => piece.item === item && piece.heard > 0);
    return pieces.length ? { from: pieces[0].from, to: pieces.at(-1).from + pieces.at(-1).ms } : null;
  }
}

class RecordedConversation extends Conversation {
  take(event) {
    if (event.dir !== "local") super.take(event);
    else if (event.type === "voicelive.interrupted") this.interrupted(event);
  }

  sound(event) {
    const item = event.payload.item_id;
    const answer = event.dir === "out" && this.byResponse.get(event.payload.response_id);
    if (!answer) return;
    this.playing = answer;
    this.bySpoken.set(item, answer);
    answer.audioMs += event.audio.ms;
    const heard = this.waveform.assistant.ofItem(item);
    if (heard) {
      answer.sound ??= { ...heard };
      answer.sound.to = Math.max(answer.sound.to, heard.to);
    }
    if (answer.firstAudioAt !== undefined) return;
    answer.firstAudioAt = event.at;
    if (answer.spokenTo?.stoppedAt !== undefined) this.waveform.marks.push({ kind: "latency", from: answer.spokenTo.stoppedAt, to: event.at });
  }

  interrupted({ payload, at }) {
    const answer = this.bySpoken.get(payload.item_id);
    if (answer && Number.isFinite(payload.heard_ms)) answer.heardMs = payload.heard_ms;
    if (this.waveform.marks.some((mark) => mark.kind === "barge-in" && Math.abs(mark.at - at) < 1000)) return;
    this.waveform.marks.push({ kind: "barge-in", at });
    this.bargeIns += 1;
  }
}

// Sound is in this file: µ-law, decoded here.
const decoded = (text) => {
  const codes = new Uint8Array(fromBase64(text));
  const samples = new Int16Array(codes.length);
  for (let index = 0; index < codes.length; index++) {
    const code = ~codes[index];
    const size = (((code & 15) << 3) + 132 << (code >> 4 & 7)) - 132;
    samples[index] = code & 128 ? -size : size;
  }
  return samples.buffer;
};
const wire = {
  async ask(action, { events }) {
    const audio = events.filter((n) => n in call.sound.played).map((n) => ({ n, rate: call.sound.rate, pcm: toBase64(decoded(call.sound.played[n])) }));
    return { audio, left: [] };
  },
};

const waveform = new Waveform($("waveform"), (at) => list.selectAt(at), (at) => nowAt(at));
waveform.user = new RecordedTrack(call.sound.user);
waveform.assistant = new RecordedTrack(call.sound.assistant);
waveform.follow = false;
const conversation = new RecordedConversation(waveform);
const list = new EventList((event) => {
  waveform.cursor = event ? event.at : null;
  waveform.draw();
});
let alone = null; // the turn that is played by itself
const turnList = new TurnList((turn) => {
  alone = turn;
  playback.play("call", turn.sound.from, turn.sound.to, [turn.who]);
});
const playback = new Playback(wire, waveform, (state, text) => {
  setText($("hearing"), text);
  setText($("play"), state === "play" ? "■ Stop" : "▶ Play");
});

// What is said while it is played is the turn that is marked.
function nowAt(at) {
  for (const turn of conversation.turns) {
    const on = at !== null && turn.sound?.from <= at && at < turn.sound.to && (alone ?? turn) === turn;
    const element = turnList.shown.get(turn)?.element;
    if (on && !element?.classList.contains("now")) element?.scrollIntoView({ block: "nearest" });
    element?.classList.toggle("now", on);
  }
}

soundControls(waveform);
$("listen").hidden = true;
$("follow-events").checked = false;
$("follow-events").closest("label").hidden = true;
$("filter-direction").append(el("option", { value: "local" }, "Library •"));
$("play").disabled = !Object.keys(call.sound.played).length;
$("play").addEventListener("click", () => {
  alone = null;
  if (playback.state === "play") playback.stop();
  else playback.play("call", waveform.cursor ?? 0, Infinity);
});

for (const event of call.events) conversation.take(event);
if (!Object.keys(call.sound.played).length) for (const turn of conversation.turns) delete turn.sound;
list.add(call.events);
turnList.show(conversation.turns);
$("turns").scrollTop = 0;
$("no-turns").hidden = conversation.turns.length > 0;
describeSound(waveform, conversation.bargeIns);
waveform.draw();
