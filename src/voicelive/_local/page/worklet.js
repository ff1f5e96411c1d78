// What runs on the browser's audio thread: the microphone in blocks, and a player that knows to the sample what was played.

// Posts the microphone as blocks of PCM16, each with its loudest sample. Muted, it posts silence: a session's clock is its sound.
class Microphone extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    this.size = processorOptions.size;
    this.muted = false;
    this.begin();
    this.port.onmessage = ({ data }) => { this.muted = data.muted; };
  }

  begin() {
    this.block = new Int16Array(this.size);
    this.filled = 0;
    this.peak = 0;
  }

  process([input]) {
    const samples = input[0];
    const count = samples ? samples.length : 128;
    for (let index = 0; index < count; index++) {
      const sample = samples && !this.muted ? Math.max(-1, Math.min(1, samples[index])) : 0;
      this.block[this.filled++] = sample * 32767;
      this.peak = Math.max(this.peak, Math.abs(sample));
      if (this.filled === this.size) {
        this.port.postMessage({ pcm: this.block.buffer, peak: this.peak }, [this.block.buffer]);
        this.begin();
      }
    }
    return true;
  }
}

const PATIENCE_MS = 120; // how much must wait after an underrun; doubled at each that follows
const MOST_PATIENCE_MS = 480;
const REPORT = 2400; // samples between two reports

// Plays what it is given, item by item, and reports how many samples of each item were played.
class Player extends AudioWorkletProcessor {
  constructor() {
    super();
    this.pieces = [];
    this.offset = 0; // into the first piece
    this.waiting = 0; // samples that wait
    this.ended = new Set(); // items of which nothing more comes
    this.patience = 0;
    this.starved = false;
    this.underruns = 0;
    this.played = new Map();
    this.peak = 0;
    this.unreported = 0;
    this.port.onmessage = ({ data }) => this[data.do](data);
  }

  add({ item, pcm }) {
    const samples = new Int16Array(pcm);
    this.pieces.push({ item, samples });
    this.waiting += samples.length;
  }

  end({ item }) {
    this.ended.add(item);
  }

  flush() {
    this.pieces = [];
    this.offset = this.waiting = this.patience = 0;
    this.starved = false;
    this.report({ flushed: true });
    this.played.clear();
    this.ended.clear();
  }

  process(_inputs, [output]) {
    const [channel] = output;
    if (this.ready()) this.fill(channel);
    this.unreported += channel.length;
    if (this.unreported >= REPORT) this.report({});
    return true;
  }

  // After an underrun nothing is played until some has gathered, or nothing more is to come.
  ready() {
    if (!this.pieces.length) return false;
    const last = this.pieces[this.pieces.length - 1];
    if (this.starved && this.waiting < (this.patience * sampleRate) / 1000 && !this.ended.has(last.item)) return false;
    this.starved = false;
    return true;
  }

  fill(channel) {
    for (let index = 0; index < channel.length; index++) {
      const piece = this.pieces[0];
      if (!piece) {
        this.runDry();
        return;
      }
      const sample = piece.samples[this.offset++] / 32768;
      channel[index] = sample;
      this.peak = Math.max(this.peak, Math.abs(sample));
      this.waiting -= 1;
      this.played.set(piece.item, (this.played.get(piece.item) ?? 0) + 1);
      this.last = piece.item;
      if (this.offset === piece.samples.length) {
        this.pieces.shift();
        this.offset = 0;
      }
    }
  }

  runDry() {
    if (this.ended.has(this.last)) return;
    this.starved = true;
    this.underruns += 1;
    this.patience = Math.min(MOST_PATIENCE_MS, this.patience ? this.patience * 2 : PATIENCE_MS);
  }

  report(more) {
    this.port.postMessage({ played: [...this.played], waiting: this.waiting, peak: this.peak, underruns: this.underruns, ...more });
    this.peak = 0;
    this.unreported = 0;
  }
}

registerProcessor("microphone", Microphone);
registerProcessor("player", Player);
