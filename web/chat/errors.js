// Errors where they happened, in three parts: what happened, what was kept, what to do.
import { button, command, h, icon } from "/shared/dom.js";
import { visible } from "/shared/words.js";

/** The block for `{happened, kept, remedy, command}`; `again` adds a button. */
export function errorBlock(parts, again) {
  const retry =
    again === undefined ? null : button("Try again", { icon: "undo", kind: "small", on: { click: again } });
  return h(
    "section",
    { class: "error", role: "alert" },
    icon("alert"),
    h(
      "div",
      {},
      h("p", {}, visible(parts.happened)),
      parts.kept === "" ? null : h("p", {}, visible(parts.kept)),
      parts.remedy === "" ? null : h("p", {}, visible(parts.remedy)),
      parts.command === "" ? null : command(parts.command),
      retry === null ? null : h("div", { class: "actions" }, retry),
    ),
  );
}

/** A request of the page that failed. */
export function connectionError(error, again) {
  const fault = error.fault;
  const parts =
    fault === undefined
      ? { happened: "The page's process does not answer.", kept: "Nothing was lost; your draft is kept." }
      : { happened: sentence(fault.message), kept: "Your draft is kept." };
  return errorBlock({ ...parts, remedy: sentence(fault?.hint ?? ""), command: "" }, again);
}

/** A fault's sentence with a capital and a full stop. */
export function sentence(text) {
  if (text === "") return "";
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
