// The composer: grows to eight lines, Enter sends, Shift+Enter breaks, `/` lists commands, text files by
// drop, the draft is kept. While a turn runs the button is Stop, and what is sent waits for its turn.
import { button, byId, h } from "/shared/dom.js";

const DRAFT = "wirken-draft";
const DROP_BYTES_MAX = 100_000;
const COMMANDS = [
  ["/new", "begin a new conversation"],
  ["/stop", "stop the running turn"],
  ["/again", "ask once more for what nobody answered"],
];

/** Builds the composer. `send(text)`, `stop()`, `again()`, `fresh()`, `conversation()`. */
export function composer({ send, stop, again, fresh, conversation }) {
  const field = h("textarea", {
    id: "draft",
    rows: "1",
    placeholder: "Message",
    "aria-label": "Message",
    autocomplete: "off",
  });
  const go = button("", { icon: "arrow", label: "Send", kind: "primary square" });
  const halt = button("Stop", {
    icon: "stop",
    label: "Stop this answer",
    kind: "danger",
    hidden: true,
    on: { click: stop },
  });
  const box = h("div", { class: "box" }, field, halt, go);
  const menu = commandMenu(field, (word) => run(word));
  const hint = h("span", {}, "Enter sends, Shift+Enter breaks the line, / lists commands");
  const state = h("span", { role: "status" });
  byId("composer").replaceChildren(menu.node, box, h("div", { class: "composer-foot" }, hint, state));

  const draftName = () => `${DRAFT}-${conversation()}`;
  const set = (text) => {
    field.value = text;
    changed();
  };
  const changed = () => {
    if (field.value === "") localStorage.removeItem(draftName());
    else localStorage.setItem(draftName(), field.value);
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
    go.disabled = field.value.trim() === "";
    menu.update();
  };
  const run = (word) => {
    set("");
    if (word === "/new") fresh();
    if (word === "/stop") stop();
    if (word === "/again") again();
  };
  const submit = () => {
    const text = field.value.trim();
    if (text === "") return;
    if (COMMANDS.some(([word]) => word === text)) return run(text);
    set("");
    void send(text);
  };
  field.addEventListener("input", changed);
  field.addEventListener("keydown", (event) => {
    if (menu.key(event)) return;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!event.repeat) submit();
  });
  go.addEventListener("click", () => {
    submit();
    field.focus();
  });
  dropping(
    box,
    (text) => set(field.value === "" ? text : `${field.value}\n${text}`),
    (words) => {
      state.textContent = words;
    },
  );
  set(localStorage.getItem(draftName()) ?? "");
  return {
    running: (is) => {
      halt.hidden = !is;
      field.placeholder = is ? "Message (sent after this answer)" : "Message";
    },
    /** Puts a text that could not be sent back, in front of what was typed since. */
    put: (text) => {
      set(field.value === "" ? text : `${text}\n${field.value}`);
      field.focus();
    },
    conversationChanged: () => {
      set(localStorage.getItem(draftName()) ?? "");
      field.focus();
    },
    /** Nobody is typing: the focus may be moved. */
    isIdle: () => field.value === "",
  };
}

function commandMenu(field, choose) {
  const node = h("ul", {
    class: "commands",
    role: "listbox",
    "aria-label": "Commands",
    id: "commands",
    hidden: true,
  });
  field.setAttribute("aria-controls", "commands");
  let found = [];
  let at = 0;
  const draw = () => {
    node.hidden = found.length === 0;
    node.replaceChildren(
      ...found.map(([word, what], index) =>
        h(
          "li",
          { role: "option", "aria-selected": String(index === at), on: { click: () => choose(word) } },
          h("code", {}, word),
          h("span", { class: "muted" }, what),
        ),
      ),
    );
  };
  return {
    node,
    update: () => {
      found = /^\/\w*$/.test(field.value) ? COMMANDS.filter(([word]) => word.startsWith(field.value)) : [];
      at = 0;
      draw();
    },
    /** True when the key was the menu's. */
    key: (event) => {
      if (found.length === 0) return false;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step !== undefined) at = (at + step + found.length) % found.length;
      else if (event.key === "Escape") found = [];
      else if (event.key === "Enter" || event.key === "Tab") choose(found[at][0]);
      else return false;
      event.preventDefault();
      draw();
      return true;
    },
  };
}

/** A dropped text file becomes part of the draft, where it can be read before it is sent. */
function dropping(box, insert, say) {
  const isFile = (event) => event.dataTransfer.types.includes("Files");
  box.addEventListener("dragover", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    box.classList.add("drop");
  });
  box.addEventListener("dragleave", () => box.classList.remove("drop"));
  box.addEventListener("drop", async (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    box.classList.remove("drop");
    for (const file of event.dataTransfer.files) {
      const text = file.size <= DROP_BYTES_MAX ? await fileText(file) : undefined;
      if (text === undefined) say(`${file.name} was not taken: text files up to 100 KB`);
      else insert(`${file.name}:\n\`\`\`\n${text}\n\`\`\``);
    }
  });
}

async function fileText(file) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    return undefined; // not text
  }
}
