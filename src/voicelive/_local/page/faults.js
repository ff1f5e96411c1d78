// Adding faults, and taking them back.

class FaultPanel {
  constructor(wire, session) {
    this.wire = wire;
    this.session = session; // gives the id of the session shown
    this.kinds = [];
    $("fault-kind").addEventListener("change", () => this.describe());
    $("fault-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.add(this.text());
    });
    for (const button of document.querySelectorAll("[data-fault]")) {
      button.addEventListener("click", () => this.add(`${button.dataset.fault}@session=${this.session()}`));
    }
    $("fault-clear").addEventListener("click", () => this.run(this.wire.ask("faults.clear")));
  }

  async load() {
    const { kinds } = await this.wire.ask("faults.kinds");
    this.kinds = kinds;
    const chosen = $("fault-kind").value;
    $("fault-kind").replaceChildren(...kinds.map((kind) => el("option", { value: kind.name }, kind.name)));
    $("fault-kind").value = kinds.some((kind) => kind.name === chosen) ? chosen : "close";
    this.describe();
  }

  describe() {
    const kind = this.kinds.find((candidate) => candidate.name === $("fault-kind").value);
    if (!kind) return;
    setText($("fault-about"), kind.about.replaceAll("`", ""));
    setText($("fault-value-label"), kind.main ?? "Value");
    $("fault-value").disabled = kind.main === null;
    $("fault-value").value = "";
    setText($("fault-fields"), `Options: ${kind.fields.filter((name) => name !== kind.main && name !== "session").join(", ")}`);
  }

  text() {
    const options = [$("fault-options").value.trim()];
    if ($("fault-scope").checked) options.push(`session=${this.session()}`);
    const given = options.filter(Boolean).join(",");
    const value = $("fault-value").value.trim();
    return `${$("fault-kind").value}${value ? `:${value}` : ""}${given ? `@${given}` : ""}`;
  }

  add(text) {
    return this.run(this.wire.ask("faults.add", { faults: [text] }));
  }

  async run(request) {
    try {
      await request;
      setText($("fault-error"), "");
    } catch (error) {
      setText($("fault-error"), error.message);
    }
  }

  show(faults) {
    const focused = document.activeElement?.dataset?.clears;
    $("fault-list").replaceChildren(...faults.map((planned) => {
      const done = planned.committed ? ` · ${planned.committed} done` : "";
      return el("li", {}, el("code", {}, planned.fault + done), el("button", {
        type: "button", "data-clears": planned.id, "aria-label": `Clear ${planned.fault}`,
        onclick: () => this.run(this.wire.ask("faults.clear", { ids: [planned.id] })),
      }, "Clear"));
    }));
    $("fault-clear").hidden = faults.length < 2;
    if (focused) (document.querySelector(`[data-clears="${CSS.escape(focused)}"]`) ?? $("fault-options")).focus();
  }
}
