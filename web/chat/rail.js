// The left rail: new chat, search, the conversations with a sign on those that wait for an answer.
import { button, byId, h, icon } from "/shared/dom.js";
import { visible } from "/shared/words.js";

const CHANNEL_ICON = { webchat: "chat", telegram: "phone" };

/** Builds the rail. `choose(conversation)`, `fresh()`. */
export function rail({ choose, fresh }) {
  const list = h("ul");
  const find = h("input", {
    class: "field",
    type: "search",
    placeholder: "Search",
    "aria-label": "Search conversations",
  });
  const state = { talks: [], current: "" };
  const draw = () => {
    const wanted = find.value.trim().toLowerCase();
    const found = state.talks.filter((talk) => talk.title.toLowerCase().includes(wanted));
    const items = found.map((talk) =>
      h("li", {}, talkButton(talk, talk.conversation === state.current, choose)),
    );
    list.replaceChildren(...items);
    if (items.length === 0) {
      list.append(
        h("li", { class: "muted small-text talk" }, wanted === "" ? "No conversations yet" : "Nothing found"),
      );
    }
  };
  find.addEventListener("input", draw);
  const desk = h(
    "a",
    { class: "desk", target: "_blank", rel: "noopener", hidden: true },
    icon("shield"),
    h("span", {}, "Console", h("small", {}, "approvals and record")),
    icon("link"),
  );
  byId("rail").replaceChildren(
    h("div", { class: "rail-head" }, h("img", { src: "/shared/mark.svg", alt: "" }), h("span", {}, "Wirken")),
    button("New chat", { icon: "add", kind: "new", on: { click: fresh } }),
    h("div", { class: "find" }, icon("search"), find),
    list,
    desk,
  );
  return {
    /** Shows the way to the console. */
    console: (url) => {
      desk.href = url;
      desk.hidden = false;
    },
    show: (talks, current) => {
      state.talks = [...talks].sort((a, b) => b.updatedMs - a.updatedMs);
      state.current = current;
      draw();
    },
    mark: (current) => {
      state.current = current;
      draw();
    },
  };
}

function talkButton(talk, isCurrent, choose) {
  const wait = talk.waiting ? h("span", { class: "talk-wait" }, "waiting for you") : null;
  return h(
    "button",
    {
      type: "button",
      class: "talk",
      "aria-current": isCurrent ? "true" : undefined,
      on: { click: () => choose(talk.conversation) },
    },
    icon(CHANNEL_ICON[talk.channel] ?? "chat"),
    h(
      "span",
      { class: "talk-words" },
      h("span", { class: "talk-title" }, visible(talk.title) || "New chat"),
      wait,
    ),
  );
}
