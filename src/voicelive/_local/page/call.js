// One conversation with the service from this page: the protocol, and what was heard of it.

const OPENING_MS = 15000;
const MOST_EARLY = 100; // blocks of the microphone that wait for the session
const MOST_UNSENT = 512 * 1024; // about eight seconds of sound: a network that takes less cannot carry a conversation

class Call {
  // Tells `on` what happens: session(id), said(text), ended(text), and `player` what to play.
  constructor(player, on) {
    this.player = player;
    this.on = on;
    this.ready = false;
    this.over = false;
    this.items = new Map(); // item id -> what came of it: {response, part, samples}
    this.dropped = new Set(); // responses that were interrupted: what still comes of them is not played
    this.margin = 0; // by how much the service's idea of an item can be shorter than what it sent, in ms
    this.active = false;
    this.early = []; // what was said before the session was there
    this.lost = 0;
  }

  open(settings, key) {
    const address = new URL("/voice-live/realtime", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    address.searchParams.set("api-version", document.body.dataset.apiVersion);
    address.searchParams.set("model", settings.model);
    if (key) address.searchParams.set("api-key", key);
    this.settings = settings;
    const socket = this.socket = new WebSocket(address);
    this.timer = setTimeout(() => this.end("The service opened no session within 15 seconds. See the faults, or try again."), OPENING_MS);
    socket.addEventListener("message", (message) => this.take(message.data));
    socket.addEventListener("close", (event) => this.closed(event));
  }

  // The last error says more than the close code.
  closed({ code, reason }) {
    const why = this.trouble ? `: ${this.trouble}` : reason ? `: ${reason}` : "";
    if (!this.session && code === 1006) this.end("The service refused the session, or is gone. See whether it runs, and whether a fault refuses sessions; then press Talk again.");
    else this.end(`The service ended the session (${code}${why}). Press Talk to begin another one.`);
  }

  hangUp() {
    this.end("");
  }

  end(text) {
    if (this.over) return;
    this.over = true;
    this.ready = false;
    clearTimeout(this.timer);
    this.socket?.close(1000);
    this.on.ended(text);
  }

  send(type, fields = {}) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ type, ...fields }));
  }

  // A block of the microphone. What comes before the session waits for it, so that the first word is not lost.
  speak(pcm) {
    if (!this.ready) {
      this.early.push(pcm);
      if (this.early.length > MOST_EARLY) this.early.shift();
      return;
    }
    if (this.socket.bufferedAmount > MOST_UNSENT) {
      this.lost += 1;
      this.on.said(`The network is too slow: ${seconds(this.lost * BLOCK_MS)} s of what you said was not sent.`);
      return;
    }
    this.send("input_audio_buffer.append", { audio: toBase64(pcm) });
  }

  take(text) {
    let event;
    try {
      event = JSON.parse(text);
    } catch {
      return; // the event list shows it
    }
    const handler = HANDLERS[event?.type];
    if (handler) handler(this, event);
  }

  configure() {
    const { model, instructions, voice } = this.settings;
    const session = {
      modalities: ["text", "audio"],
      input_audio_format: "pcm16",
      input_audio_sampling_rate: RATE,
      output_audio_format: "pcm16",
      turn_detection: { type: "server_vad", silence_duration_ms: 500 },
      input_audio_transcription: { model: model.includes("realtime") ? "whisper-1" : "azure-speech" },
    };
    if (instructions) session.instructions = instructions;
    if (voice) session.voice = { type: voice.includes("-") ? "azure-standard" : "openai", name: voice };
    this.send("session.update", { session });
  }

  play({ item_id: id, response_id: response, content_index: part, delta }) {
    if (this.dropped.has(response) || typeof delta !== "string") return;
    const pcm = fromBase64(delta);
    const item = this.items.get(id) ?? { response, part: part ?? 0, samples: 0 };
    item.samples += pcm.byteLength >> 1;
    this.items.set(id, item);
    this.player.add(id, pcm);
  }

  // The user speaks: what was not heard yet is thrown away, and the service is told how much was heard.
  async interrupt() {
    for (const { response } of this.items.values()) this.dropped.add(response);
    if (this.active) this.dropped.add(this.active);
    const items = [...this.items];
    this.items.clear();
    const heard = await this.player.flush();
    for (const [id, item] of items) {
      const played = heard.get(id) ?? 0;
      if (played >= item.samples) continue;
      const most = Math.floor((item.samples * 1000) / RATE) - this.margin;
      const ms = Math.max(0, Math.min(Math.floor((played * 1000) / RATE), most));
      this.send("conversation.item.truncate", { item_id: id, content_index: item.part, audio_end_ms: ms });
    }
    if (this.dropped.size > 100) this.dropped = new Set([...this.dropped].slice(-50));
  }

  failed({ message = "", code = "" } = {}) {
    const shorter = /Audio content of (\d+) ?ms is already shorter than (\d+) ?ms/i.exec(message);
    if (shorter) {
      this.margin = Math.max(this.margin, Number(shorter[2]) - Number(shorter[1]));
      return;
    }
    this.trouble = message || code;
    this.on.said(`The service reports: ${this.trouble}`);
  }
}

const HANDLERS = {
  "session.created"(call, { session }) {
    clearTimeout(call.timer);
    call.session = session?.id;
    call.on.session(call.session);
    call.configure();
  },
  "session.updated"(call) {
    if (call.ready) return;
    call.ready = true;
    for (const pcm of call.early.splice(0)) call.speak(pcm);
    call.on.said("");
  },
  "input_audio_buffer.speech_started"(call) {
    call.interrupt();
  },
  "response.created"(call, { response }) {
    call.active = response?.id;
  },
  "response.audio.delta"(call, event) {
    call.play(event);
  },
  "response.audio.done"(call, { item_id: id }) {
    call.player.end(id);
  },
  "response.done"(call, { response }) {
    call.active = null;
    for (const [id, item] of call.items) if (item.response === response?.id) call.player.end(id);
  },
  error(call, { error }) {
    call.failed(error);
  },
};
