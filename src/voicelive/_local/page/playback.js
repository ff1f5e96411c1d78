// Hearing what the service remembers: a part of a session again, or a session that runs as it goes on.

const AHEAD_MS = 4000;
const MOST_ASKED = 100; // events whose sound is asked for at a time
const LATE_S = 0.5; // between a session and who listens to it
const JOIN_MS = 2; // pieces this close follow each other without a gap

class Playback {
  // `onState` is told what is on: "", "play" or "listen", and what there is to say about it.
  constructor(wire, waveform, onState) {
    this.wire = wire;
    this.waveform = waveform;
    this.onState = onState;
    this.run = null;
  }

  get state() {
    return this.run?.kind ?? "";
  }

  async begin(kind, session) {
    this.stop();
    const run = this.run = { kind, session, ends: new Map(), waiting: [] };
    this.onState(kind, "");
    const context = await openAudio();
    if (this.run !== run) {
      context.close();
      return null;
    }
    run.context = context;
    run.outputs = {};
    for (const [side, pan] of [["user", -0.5], ["assistant", 0.5]]) {
      const output = run.outputs[side] = new StereoPannerNode(run.context, { pan });
      output.connect(run.context.destination);
    }
    return run;
  }

  stop(text = "") {
    const { run } = this;
    if (!run) return;
    this.run = null;
    run.context?.close();
    this.waveform.playAt(null);
    this.onState("", text);
  }

  // Plays what was to be heard between two moments of the session's clock, in ms, of one side or of both.
  async play(session, from, to, sides = ["user", "assistant"]) {
    const run = await this.begin("play", session);
    if (!run) return;
    run.from = from;
    const waiting = this.piecesOf(sides).filter(({ piece }) => piece.from + Math.min(piece.ms, piece.heard) > from && piece.from < to);
    let found = 0;
    for (let done = 0; done < waiting.length && this.run === run;) {
      const horizon = this.clock(run) + AHEAD_MS;
      const batch = waiting.slice(done, done + MOST_ASKED).filter(({ piece }) => piece.from < Math.max(horizon, waiting[0].piece.from + 1));
      if (!batch.length) {
        await this.tick(run, 100);
        continue;
      }
      const sounds = await this.fetch(session, batch);
      if (this.run !== run) return;
      run.start ??= run.context.currentTime + 0.05 - Math.max(from, waiting[0].piece.from) / 1000;
      for (const each of batch) if (this.schedule(run, each, sounds.get(each.piece.n), from, to)) found += 1;
      done += batch.length;
    }
    while (this.run === run && found && run.context.currentTime < run.last + 0.05) await this.tick(run, 50);
    if (this.run === run) this.stop(found ? "" : "There is no sound of this part, or it is not remembered any more: what is oldest goes first.");
  }

  async tick(run, ms) {
    this.waveform.playAt(this.clock(run));
    await new Promise((wake) => setTimeout(wake, ms));
  }

  // Plays what is to be heard from `now` on, a moment of the session's clock, and what comes while this goes on.
  async listen(session, now) {
    const run = await this.begin("listen", session);
    if (!run) return;
    run.from = now;
    await this.join(run, this.piecesOf(["user", "assistant"]).filter(({ piece }) => piece.from + Math.min(piece.ms, piece.heard) > now));
  }

  // Events of the session that is listened to: their sound is played as it would be heard.
  async heard(session, events) {
    const { run } = this;
    if (run?.kind !== "listen" || run.session !== session || !run.outputs) return;
    const fresh = new Set(events.filter((event) => event.audio && !event.lost).map((event) => event.n));
    await this.join(run, this.piecesOf(["user", "assistant"]).filter(({ piece }) => fresh.has(piece.n)));
  }

  async join(run, pieces) {
    if (!pieces.length) return;
    const sounds = await this.fetch(run.session, pieces);
    if (this.run !== run) return;
    // A little late, so that what comes a little late itself is still in time.
    run.start ??= run.context.currentTime + LATE_S - Math.max(run.from, pieces[0].piece.from) / 1000;
    for (const each of pieces) this.schedule(run, each, sounds.get(each.piece.n), run.from, Infinity);
    this.waveform.playAt(this.clock(run));
  }

  // The user has interrupted: what was not heard by then is not heard here either.
  cut() {
    const { run } = this;
    if (run?.kind !== "listen" || run.start === undefined) return;
    run.waiting = run.waiting.filter(({ source, side, piece }) => {
      if (side === "user" || piece.heard >= piece.ms) return true;
      source.stop(Math.max(run.context.currentTime, run.start + (piece.from + piece.heard) / 1000));
      run.ends.delete(side);
      return false;
    });
  }

  piecesOf(sides) {
    const both = sides.flatMap((side) => this.waveform[side].pieces.map((piece) => ({ side, piece })));
    return both.sort((one, other) => one.piece.from - other.piece.from);
  }

  async fetch(session, pieces) {
    const sounds = new Map();
    let events = pieces.map(({ piece }) => piece.n);
    while (events.length) {
      const { audio, left } = await this.wire.ask("audio", { session, events }).catch(() => ({ audio: [], left: [] }));
      for (const { n, rate, pcm } of audio) sounds.set(n, { rate, pcm: fromBase64(pcm) });
      events = left;
    }
    return sounds;
  }

  schedule(run, { side, piece }, sound, from, to) {
    if (!sound) return false;
    const buffer = asBuffer(run.context, sound.pcm, sound.rate);
    const skipped = Math.max(0, from - piece.from) / 1000;
    const length = Math.min(piece.ms, piece.heard, to - piece.from) / 1000 - skipped;
    if (length <= 0) return false;
    const before = run.ends.get(side);
    let at = run.start + piece.from / 1000 + skipped;
    if (before && Math.abs(before.clock - piece.from) < JOIN_MS) at = before.at;
    at = Math.max(at, run.context.currentTime);
    const source = new AudioBufferSourceNode(run.context, { buffer });
    source.connect(run.outputs[side]);
    const whole = piece.heard >= piece.ms && to >= piece.from + piece.ms;
    if (whole) source.start(at, skipped);
    else source.start(at, skipped, length);
    const end = { clock: piece.from + piece.ms, at: at + (whole ? buffer.duration - skipped : length) };
    run.ends.set(side, end);
    run.last = Math.max(run.last ?? 0, end.at);
    run.waiting.push({ source, side, piece });
    source.addEventListener("ended", () => { run.waiting = run.waiting.filter((each) => each.source !== source); });
    return true;
  }

  clock(run) {
    return run.start === undefined ? run.from : (run.context.currentTime - run.start) * 1000;
  }
}
