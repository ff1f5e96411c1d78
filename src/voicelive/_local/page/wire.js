// The connection to the control endpoint: requests with answers, and what comes without being asked for.

class Wire {
  constructor(onPush, onState) {
    this.onPush = onPush;
    this.onState = onState;
    this.requests = new Map();
    this.number = 0;
    this.key = "";
  }

  open() {
    const address = new URL("/control", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    address.hash = "";
    if (this.key) address.searchParams.set("api-key", this.key);
    const socket = new WebSocket(address);
    this.socket = socket;
    let opened = false;
    socket.addEventListener("open", () => {
      opened = true;
      this.onState("on");
    });
    socket.addEventListener("message", (message) => {
      const said = JSON.parse(message.data);
      if (said.push) this.onPush(said);
      const asked = this.requests.get(said.reply);
      if (asked === undefined) return;
      this.requests.delete(said.reply);
      if (said.error === undefined) asked.resolve(said);
      else asked.reject(new Error(said.error));
    });
    socket.addEventListener("close", () => {
      for (const asked of this.requests.values()) asked.reject(new Error("the service is gone"));
      this.requests.clear();
      this.onState(opened ? "off" : "refused");
      setTimeout(() => this.open(), 1500);
    });
  }

  ask(action, fields = {}) {
    if (this.socket?.readyState !== WebSocket.OPEN) return Promise.reject(new Error("not connected to the service"));
    const id = ++this.number;
    return new Promise((resolve, reject) => {
      this.requests.set(id, { resolve, reject });
      this.socket.send(JSON.stringify({ id, do: action, ...fields }));
    });
  }
}
