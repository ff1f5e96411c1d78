// Sound as bytes and as text, and what the browser's audio needs.

const RATE = 24000;
const BLOCK_MS = 50;

const canTalk = () => Boolean(window.AudioWorkletNode && navigator.mediaDevices?.getUserMedia);

function toBase64(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer)));
}

function fromBase64(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let index = 0; index < letters.length; index++) bytes[index] = letters.charCodeAt(index);
  return bytes.buffer;
}

// Must be called by what a click or a key does: a browser lets no page make a sound by itself.
async function openAudio() {
  const context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
  await context.resume();
  return context;
}

function asBuffer(context, pcm, rate) {
  const samples = new Int16Array(pcm);
  const buffer = context.createBuffer(1, Math.max(1, samples.length), rate);
  const channel = buffer.getChannelData(0);
  for (let index = 0; index < samples.length; index++) channel[index] = samples[index] / 32768;
  return buffer;
}

// The player of the audio thread, seen from the page.
class Player {
  constructor(context, onReport) {
    this.context = context;
    this.node = new AudioWorkletNode(context, "player", { numberOfInputs: 0, outputChannelCount: [1] });
    this.node.connect(context.destination);
    this.flushes = [];
    this.node.port.onmessage = ({ data }) => {
      if (data.flushed) this.flushes.shift()?.(this.heard(data.played));
      onReport(data);
    };
  }

  add(item, pcm) {
    this.node.port.postMessage({ do: "add", item, pcm }, [pcm]);
  }

  end(item) {
    this.node.port.postMessage({ do: "end", item });
  }

  // Throws away what waits; resolves to the samples that were heard of each item.
  flush() {
    return new Promise((resolve) => {
      this.flushes.push(resolve);
      this.node.port.postMessage({ do: "flush" });
    });
  }

  // What was played last still sits in the device.
  heard(played) {
    let unheard = Math.round((this.context.outputLatency || 0) * RATE);
    const heard = new Map();
    for (const [item, samples] of played.reverse()) {
      heard.set(item, Math.max(0, samples - unheard));
      unheard = Math.max(0, unheard - samples);
    }
    return heard;
  }
}

// A meter that falls slowly, so that it can be read.
class Meter {
  constructor(element) {
    this.element = element;
    this.bar = element.firstElementChild;
    this.level = 0;
    this.draw = eachFrame(() => {
      this.bar.style.width = `${this.level}%`;
      this.element.setAttribute("aria-valuenow", Math.round(this.level));
    });
  }

  show(peak) {
    this.level = Math.max(Math.min(100, Math.sqrt(peak) * 100), this.level * 0.8);
    if (peak === 0 && this.level < 1) this.level = 0;
    this.draw();
  }

  clear() {
    this.level = 0;
    this.draw();
  }
}
