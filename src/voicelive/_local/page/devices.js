// Microphones and loudspeakers: which there are, which are chosen, and what to do where one cannot be had.

const CURES = {
  NotAllowedError: "This page may not use the microphone. Allow it in the browser's settings for this page (beside the address), then press Talk again.",
  NotFoundError: "There is no microphone. Connect one, then press Talk again.",
  OverconstrainedError: "The microphone chosen is gone. Choose another one, then press Talk again.",
  NotReadableError: "The microphone cannot be read: another program may have it, or the system keeps it from the browser. Free it, then press Talk again.",
  NotSupportedError: "This browser cannot record at 24 kHz. Use a current Chrome, Edge or Safari.",
};

function whyNoMicrophone(error) {
  return CURES[error.name] ?? `The microphone cannot be used: ${error.message || error.name}.`;
}

class Devices {
  constructor(onChange) {
    this.microphones = $("microphone");
    this.speakers = $("speaker");
    $("speaker-row").hidden = !("setSinkId" in AudioContext.prototype);
    this.microphones.addEventListener("change", () => onChange("microphone"));
    this.speakers.addEventListener("change", () => onChange("speaker"));
    $("clean").addEventListener("change", () => onChange("microphone"));
    navigator.mediaDevices?.addEventListener("devicechange", () => this.list());
    this.list();
  }

  // Their names are told only once the page may use the microphone.
  async list() {
    const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
    this.fill(this.microphones, all.filter((device) => device.kind === "audioinput"), "Microphone");
    this.fill(this.speakers, all.filter((device) => device.kind === "audiooutput"), "Loudspeaker");
  }

  fill(select, devices, kind) {
    const chosen = select.value;
    const known = devices.filter((device) => device.deviceId && device.deviceId !== "default");
    select.replaceChildren(
      el("option", { value: "" }, "The system's choice"),
      ...known.map((device, index) => el("option", { value: device.deviceId }, device.label || `${kind} ${index + 1}`)));
    select.value = known.some((device) => device.deviceId === chosen) ? chosen : "";
  }

  async open() {
    const clean = $("clean").checked;
    const audio = { echoCancellation: clean, noiseSuppression: clean, autoGainControl: clean, channelCount: 1 };
    if (this.microphones.value) audio.deviceId = { exact: this.microphones.value };
    const stream = await navigator.mediaDevices.getUserMedia({ audio });
    this.list();
    return stream;
  }

  async route(context) {
    if (context.setSinkId) await context.setSinkId(this.speakers.value);
  }
}
