// Building elements. Text always goes in as text: nothing that comes from a session is ever read as markup.

const $ = (id) => document.getElementById(id);

function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "onclick") element.addEventListener("click", value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined).map((child) => child instanceof Node ? child : String(child)));
  return element;
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const seconds = (ms) => (ms / 1000).toFixed(ms < 99950 ? 2 : 1);

function shortened(text, length) {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

// One call a frame, however often it is asked for.
function eachFrame(work) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      work();
    });
  };
}

// Moving through a list with the keyboard; `move` gets how far to go, `Infinity` being its end.
function listKeys(element, page, move, choose = () => {}) {
  const steps = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };
  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const step = event.key === "PageDown" ? page() : event.key === "PageUp" ? -page() : steps[event.key];
    if (step !== undefined) move(step);
    else if (event.key === "Enter" || event.key === " ") choose();
    else return;
    event.preventDefault();
  });
}
