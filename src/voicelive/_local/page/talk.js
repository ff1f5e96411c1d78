// The Talk button and what belongs to it: a call from this page, over its own microphone and loudspeaker.

class TalkPanel {
  constructor({ key, onSession }) {
    this.key = key; // gives the service's key
    this.onSession = onSession;
    this.call = null;
    this.muted = false;
    this.devices = new Devices((what) => this.changeDevice(what));
    this.spoken = new Meter($("mic-level"));
    this.heard = new Meter($("speaker-level"));
    $("talk").addEventListener("click", () => (this.call ? this.call.hangUp() : this.start()));
    $("mute").addEventListener("click", () => this.mute(!this.muted));
    if (!canTalk()) {
      $("talk").disabled = true;
      this.say("To talk, open this page with https:// or on this machine, in a current browser.", true);
    }
  }

  say(text, isTrouble = false) {
    setText($("talk-state"), text);
    $("talk-state").classList.toggle("problem", isTrouble);
  }

  // What there is to do, while nothing is wrong.
  hint() {
    if (!this.call) this.say("Press Talk, then speak. Speak over an answer to interrupt it.");
    else if (!this.call.ready) this.say("Connecting…");
    else this.say(this.muted ? "Muted: nothing that you say is sent." : "Speak: you are heard.");
  }

  settings() {
    return { model: $("model").value.trim() || "gpt-4o", instructions: $("instructions").value.trim(), voice: $("voice").value.trim() };
  }

  async start() {
    const call = this.call = new Call(null, {
      session: (id) => this.onSession(id),
      said: (text) => (text ? this.say(text, true) : this.hint()),
      ended: (text) => this.stopped(call, text),
    });
    this.show();
    this.hint();
    try {
      await this.openSound(call);
    } catch (error) {
      call.end(whyNoMicrophone(error));
      return;
    }
    if (call.over) this.close(call);
    else call.open(this.settings(), this.key());
  }

  async openSound(call) {
    call.context = await openAudio();
    await call.context.audioWorklet.addModule("/worklet.js");
    await this.devices.route(call.context).catch(() => {}); // a loudspeaker that is gone: the system's is used
    call.player = new Player(call.context, (report) => this.heard.show(report.peak));
    call.recorder = new AudioWorkletNode(call.context, "microphone", {
      numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit", processorOptions: { size: (RATE * BLOCK_MS) / 1000 },
    });
    call.recorder.port.onmessage = ({ data }) => {
      this.spoken.show(data.peak);
      call.speak(data.pcm);
    };
    await this.openMicrophone(call);
  }

  async openMicrophone(call) {
    this.closeMicrophone(call); // some devices can be had once only
    const stream = await this.devices.open();
    if (call.over) {
      for (const track of stream.getTracks()) track.stop();
      return;
    }
    call.stream = stream;
    call.source = call.context.createMediaStreamSource(stream);
    call.source.connect(call.recorder);
    for (const track of stream.getTracks()) {
      track.addEventListener("ended", () => this.say("The microphone is gone: choose another one below.", true));
    }
  }

  closeMicrophone(call) {
    call.source?.disconnect();
    for (const track of call.stream?.getTracks() ?? []) track.stop();
  }

  async changeDevice(what) {
    const { call } = this;
    if (!call?.context) return;
    try {
      if (what === "microphone") await this.openMicrophone(call);
      else await this.devices.route(call.context);
      if (!call.over) this.hint();
    } catch (error) {
      this.say(what === "microphone" ? whyNoMicrophone(error) : `That loudspeaker cannot be used: ${error.message}. Choose another one.`, true);
    }
  }

  mute(muted) {
    this.muted = muted;
    this.call?.recorder?.port.postMessage({ muted });
    this.show();
    this.hint();
  }

  stopped(call, text) {
    this.close(call);
    if (this.call !== call) return;
    this.call = null;
    this.muted = false;
    this.spoken.clear();
    this.heard.clear();
    this.show();
    if (text) this.say(text, true);
    else this.hint();
  }

  close(call) {
    this.closeMicrophone(call);
    if (call.context && call.context.state !== "closed") call.context.close();
  }

  show() {
    const on = this.call !== null;
    setText($("talk"), on ? "Hang up" : "Talk");
    $("talk").classList.toggle("on", on);
    $("mute").disabled = !on;
    $("mute").setAttribute("aria-pressed", String(this.muted));
    setText($("mute"), this.muted ? "Unmute" : "Mute");
    for (const id of ["model", "voice", "instructions"]) $(id).disabled = on;
  }
}
