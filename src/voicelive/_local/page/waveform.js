// The sound of both directions over the time of the session, drawn on a canvas.

const LATE_MS = 400;

// Places pieces of sound on the clock of the session. What comes faster than it plays is queued, as a player would.
// Of a microphone, which never stops, pieces that are a little late still follow the one before without a gap.
class Track {
  constructor(lateMs = 0) {
    this.lateMs = lateMs;
    this.pieces = [];
    this.end = 0;
    this.streamed = 0;
  }

  // `n` is the number of the event that brought it.
  add(start, ms, levels, n) {
    const isLate = this.pieces.length && start - this.end < this.lateMs;
    const from = isLate ? this.end : Math.max(this.end, start, 0);
    const piece = { n, from, ms, levels, streamed: this.streamed, heard: Infinity };
    this.pieces.push(piece);
    this.end = from + ms;
    this.streamed += ms;
    return piece;
  }

  // The user has begun to speak: what is still to be played is thrown away.
  flush(at) {
    if (this.end <= at) return false;
    for (let index = this.pieces.length - 1; index >= 0; index--) {
      const piece = this.pieces[index];
      if (piece.from + piece.ms <= at) break;
      piece.heard = Math.min(piece.heard, Math.max(0, at - piece.from));
    }
    this.end = at;
    return true;
  }

  // Where a place in the stream of sound, in milliseconds, is on the clock.
  clock(streamed) {
    let low = 0;
    let high = this.pieces.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.pieces[middle].streamed <= streamed) low = middle;
      else high = middle - 1;
    }
    const piece = this.pieces[low];
    return piece ? piece.from + Math.max(0, streamed - piece.streamed) : 0;
  }
}

class Waveform {
  // `onPick` is told where it was clicked, `onPlayhead` where the playback is, or null.
  constructor(canvas, onPick, onPlayhead = () => {}) {
    this.canvas = canvas;
    this.onPlayhead = onPlayhead;
    this.user = new Track(LATE_MS);
    this.assistant = new Track();
    this.marks = [];
    this.cursor = null;
    this.playhead = null; // what is played again is here
    this.from = 0;
    this.span = 0; // 0: all of it
    this.follow = true;
    this.draw = eachFrame(() => this.paint());
    new ResizeObserver(this.draw).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", this.draw);
    canvas.addEventListener("click", (event) => {
      const box = canvas.getBoundingClientRect();
      const [from, to] = this.window();
      onPick(from + ((event.clientX - box.left) / box.width) * (to - from));
    });
    canvas.addEventListener("keydown", (event) => {
      const action = { ArrowLeft: () => this.pan(-0.2), ArrowRight: () => this.pan(0.2), "+": () => this.zoom(0.5), "-": () => this.zoom(2), Home: () => this.whole() }[event.key];
      if (action === undefined) return;
      action();
      event.preventDefault();
    });
  }

  clear() {
    this.user = new Track(LATE_MS);
    this.assistant = new Track();
    this.marks = [];
    this.cursor = this.playhead = null;
    this.whole();
  }

  length() {
    return Math.max(this.user.end, this.assistant.pieces.length ? this.lastOf(this.assistant) : 0, 2000) * 1.02;
  }

  lastOf(track) {
    return track.pieces.reduce((last, piece) => Math.max(last, piece.from + piece.ms), 0);
  }

  window() {
    const length = this.length();
    if (!this.span || this.span >= length) return [0, length];
    const from = this.follow ? length - this.span : Math.min(Math.max(0, this.from), length - this.span);
    return [from, from + this.span];
  }

  pan(part) {
    const [from, to] = this.window();
    this.from = from + (to - from) * part;
    this.follow = this.from + (to - from) >= this.length() - 1;
    this.draw();
  }

  zoom(factor) {
    const [from, to] = this.window();
    const span = Math.max(500, (to - from) * factor);
    this.from = (from + to - span) / 2;
    this.follow = to >= this.length() - 1;
    this.span = span >= this.length() ? 0 : span;
    this.draw();
  }

  // What is played stays in sight.
  playAt(at) {
    this.playhead = at;
    const [from, to] = this.window();
    if (at !== null && this.span && (at < from || at > to)) {
      this.from = at - (to - from) * 0.1;
      this.follow = false;
    }
    this.onPlayhead(at);
    this.draw();
  }

  whole() {
    this.span = 0;
    this.follow = true;
    this.draw();
  }

  paint() {
    const { canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    if (!width || !height) return;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(`--${name}`).trim();
    const [from, to] = this.window();
    const x = (ms) => ((ms - from) / (to - from)) * width;
    const lane = (height - 22) / 2;

    this.paintAxis(pen, x, from, to, width, height, color);
    for (const mark of this.marks) if (mark.kind === "turn") {
      pen.fillStyle = color("user-soft");
      const start = x(mark.from);
      pen.fillRect(start, 2, Math.max(2, x(mark.to ?? this.user.end) - start), lane - 4);
    }
    this.paintTrack(pen, this.user, x, width, lane / 2, lane / 2 - 6, color("user"), color("user"));
    this.paintTrack(pen, this.assistant, x, width, lane * 1.5, lane / 2 - 6, color("assistant"), color("unheard"));
    pen.font = "600 11px system-ui, sans-serif";
    pen.textBaseline = "top";
    for (const [text, top, name] of [["User", 5, "user"], ["Assistant", lane + 5, "assistant"]]) {
      pen.fillStyle = color("panel");
      pen.fillRect(8, top - 2, pen.measureText(text).width + 10, 16);
      pen.fillStyle = color(name);
      pen.fillText(text, 13, top);
    }
    for (const mark of this.marks) {
      if (mark.kind === "latency") this.paintLatency(pen, mark, x, lane, color);
      if (mark.kind === "barge-in") this.paintMark(pen, x(mark.at), height - 20, "barge-in", color("trouble"), color("panel"), lane);
    }
    if (this.cursor !== null) {
      pen.fillStyle = color("text");
      pen.fillRect(Math.round(x(this.cursor)), 0, 1, height - 20);
    }
    if (this.playhead !== null) {
      pen.fillStyle = color("good");
      pen.fillRect(Math.round(x(this.playhead)) - 1, 0, 2, height - 20);
    }
  }

  paintAxis(pen, x, from, to, width, height, color) {
    const steps = [100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000, 300000, 600000];
    const step = steps.find((candidate) => (width * candidate) / (to - from) > 64) ?? 1800000;
    pen.font = "11px system-ui, sans-serif";
    pen.textBaseline = "bottom";
    for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
      pen.fillStyle = color("line");
      pen.fillRect(Math.round(x(at)), 0, 1, height - 20);
      pen.fillStyle = color("quiet");
      const text = `${at / 1000} s`;
      const place = Math.min(Math.max(x(at) - pen.measureText(text).width / 2, 4), width - pen.measureText(text).width - 4);
      pen.fillText(text, place, height - 3);
    }
    pen.fillStyle = color("line");
    pen.fillRect(0, height - 20, width, 1);
    pen.fillRect(0, (height - 22) / 2, width, 1);
  }

  paintTrack(pen, track, x, width, middle, reach, heard, unheard) {
    for (const piece of track.pieces) {
      if (x(piece.from + piece.ms) < 0 || x(piece.from) > width) continue;
      const step = piece.ms / piece.levels.length;
      const bar = x(step) - x(0);
      const every = Math.max(1, Math.ceil(2 / bar));
      for (let index = 0; index < piece.levels.length; index += every) {
        let level = 0;
        for (let next = index; next < Math.min(index + every, piece.levels.length); next++) level = Math.max(level, piece.levels[next]);
        const size = Math.max(1, Math.sqrt(level / 100) * reach * 2);
        pen.fillStyle = index * step < piece.heard ? heard : unheard;
        pen.fillRect(x(piece.from + index * step), middle - size / 2, Math.max(1, bar * every - 0.6), size);
      }
    }
  }

  paintLatency(pen, mark, x, lane, color) {
    const start = x(mark.from);
    const end = x(mark.to);
    pen.fillStyle = color("fault");
    pen.fillRect(start, lane - 1, Math.max(2, end - start), 3);
    pen.font = "600 11px system-ui, sans-serif";
    pen.textBaseline = "bottom";
    const text = `${Math.round(mark.to - mark.from)} ms`;
    const place = (start + end - pen.measureText(text).width) / 2;
    pen.fillText(text, place, lane - 3);
  }

  paintMark(pen, place, bottom, text, ink, paper, lane) {
    pen.fillStyle = ink;
    for (let top = 0; top < bottom; top += 6) pen.fillRect(Math.round(place), top, 1.5, 3);
    pen.font = "600 11px system-ui, sans-serif";
    const size = pen.measureText(text).width + 10;
    pen.fillRect(place, lane * 2 - 17, size, 16);
    pen.fillStyle = paper;
    pen.textBaseline = "middle";
    pen.fillText(text, place + 5, lane * 2 - 8.5);
  }
}

// The buttons beside the waveform, and what is said of it.
function soundControls(waveform) {
  $("earlier").addEventListener("click", () => waveform.pan(-0.4));
  $("later").addEventListener("click", () => waveform.pan(0.4));
  $("narrower").addEventListener("click", () => waveform.zoom(0.5));
  $("wider").addEventListener("click", () => waveform.zoom(2));
  $("whole").addEventListener("click", () => waveform.whole());
}

function describeSound(waveform, cuts) {
  const said = waveform.user.streamed;
  const answered = waveform.assistant.streamed;
  const summary = said || answered ? `user ${seconds(said)} s, assistant ${seconds(answered)} s${cuts ? `, ${cuts} barge-in${cuts > 1 ? "s" : ""}` : ""}` : "";
  setText($("sound-summary"), summary);
  $("waveform").setAttribute("aria-label", summary ? `Waveform: ${summary}. Arrow keys move, plus and minus zoom.` : "No sound yet");
}
