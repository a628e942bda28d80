// The top bar: four chips, each opens one paragraph that explains it, and Stop, always there.
import { button, byId, h, icon } from "/shared/dom.js";
import { count, wallName } from "/shared/words.js";

/** Builds the bar. */
export function chips({ toggleRecord, verify, openMenu, stop }) {
  const bar = byId("bar");
  const agent = chip("chip-agent", "user", "Agent");
  const model = chip("chip-model", "model", "Model");
  const walls = chip("chip-walls", "shield", "Walls");
  const record = chip("chip-record", "record", "Record");
  const halt = button("Stop", {
    icon: "stop",
    kind: "stop idle",
    label: "Stop the running turn",
    on: { click: stop },
  });
  halt.disabled = true;
  const menu = button("", {
    icon: "menu",
    label: "Conversations",
    kind: "quiet square menu-button",
    on: { click: openMenu },
  });
  const panel = button("", {
    icon: "record",
    label: "Show or hide the record",
    kind: "quiet square",
    on: { click: toggleRecord },
  });
  const all = [agent, model, walls, record];
  bar.replaceChildren(menu, h("div", { class: "chips" }, ...all.map((one) => one.node)), halt, panel);
  document.body.append(...all.map((one) => one.note));

  const state = { rows: 0, verified: undefined, ephemeral: false };
  const drawRecord = () => {
    const { verified } = state;
    const isCurrent = verified !== undefined && verified.rows >= state.rows;
    const [word, tone] =
      verified?.ok === false
        ? ["Record broken", "bad"]
        : isCurrent
          ? ["Record intact", "good"]
          : ["Record", ""];
    record.set([h("span", { class: "word" }, `${word} · `), `#${count(state.rows)}`], tone);
  };
  const check = button("Verify now", { icon: "shield", kind: "small", on: { click: verify } });
  const words = [
    "Every message, decision and effect is a row in a signed chain. A changed row is found when the chain is verified.",
    "What a check here shows, and what it does not, stands above the rows in the record panel.",
  ];
  return {
    show: (now) => {
      const more = now.approveElsewhere === "" ? "" : ` ${now.approveElsewhere}`;
      agent.set(now.agent);
      agent.explain("Agent", [
        `The agent that answers here is “${now.agent}”, Wirken ${now.version}.${more}`,
      ]);
      model.set(
        now.rehearsal ? "Rehearsal script" : `${now.model} · ${now.modelWhere}`,
        now.rehearsal ? "wait" : "",
      );
      model.explain("Model", [modelWords(now)]);
      const standing = now.walls.filter((wall) => wall.inForce).length;
      walls.set(`Walls ${standing}/${now.walls.length}`, standing < now.walls.length ? "wait" : "good");
      walls.explain(
        "Walls",
        [
          "Each part of Wirken is a process of its own with no more rights than its work needs. A wall counts when it stands around every one of them. Commands that you approve run without a box: that is why they ask.",
        ],
        wallList(now.walls),
      );
      state.rows = Math.max(state.rows, now.recordRows);
      state.ephemeral = now.ephemeral;
      const brief =
        "No vault yet: signing keys and this log live for this run only. `wirken setup` makes one.";
      record.explain("Record", now.ephemeral ? [...words, brief] : words, check);
      drawRecord();
    },
    rows: (id) => {
      state.rows = Math.max(state.rows, id ?? 0);
      drawRecord();
    },
    verified: (summary) => {
      state.verified = summary;
      state.rows = Math.max(state.rows, summary.rows);
      drawRecord();
    },
    running: (is) => {
      halt.disabled = !is;
      halt.classList.toggle("idle", !is);
      halt.classList.toggle("danger", is);
    },
  };
}

function modelWords(now) {
  if (now.rehearsal) {
    const what = "A rehearsal script answers: it is not a model, it turns simple sentences into real calls.";
    return `${what} Nothing leaves this computer for it.`;
  }
  const where =
    now.modelWhere === "this computer"
      ? "runs on this computer"
      : `runs at ${now.modelWhere}; what you write goes there`;
  return `${now.model} by ${now.provider} ${where}.`;
}

function wallList(walls) {
  const items = walls.map((wall) =>
    h(
      "li",
      { class: wall.inForce ? "good" : "wait" },
      icon(wall.inForce ? "check" : "alert"),
      wallWords(wall),
    ),
  );
  return h("ul", {}, ...items);
}

function wallWords(wall) {
  const [name, what] = wallName(wall.name);
  const detail = wall.detail === "" ? "" : ` (${wall.name.replaceAll("_", " ")}: ${wall.detail})`;
  return h(
    "span",
    {},
    wall.inForce ? name : `${name}: missing`,
    h("span", { class: "muted" }, `: ${wall.inForce ? what : "not on this system"}${detail}`),
  );
}

/** A chip and its note. The browser's own popover closes it on Escape and on a click elsewhere. */
function chip(kind, name, what) {
  const words = h("span");
  const id = `note-${kind}`;
  const note = h("div", { class: "note", id, popover: "auto", role: "dialog", "aria-label": what });
  const node = h(
    "button",
    { type: "button", class: `chip ${kind}`, "aria-expanded": "false", "aria-controls": id },
    icon(name),
    words,
  );
  node.addEventListener("click", () => note.togglePopover({ source: node }));
  note.addEventListener("toggle", (event) => {
    const open = event.newState === "open";
    node.setAttribute("aria-expanded", String(open));
    if (!open) return;
    const place = node.getBoundingClientRect();
    note.style.top = `${place.bottom + 6}px`;
    note.style.left = `${Math.max(12, Math.min(place.left, innerWidth - note.offsetWidth - 12))}px`;
  });
  return {
    node,
    note,
    set: (text, tone = "") => {
      const parts = Array.isArray(text) ? text : [text];
      words.replaceChildren(...parts);
      node.className = `chip ${kind} ${tone}`.trim();
      node.setAttribute("aria-label", `${what}: ${words.textContent}`);
    },
    explain: (title, paragraphs, ...more) => {
      note.replaceChildren(h("h2", {}, title), ...paragraphs.map((text) => h("p", {}, text)), ...more);
    },
  };
}
