// Drawer and bottom sheet of a small screen: one open at a time, Escape or the shade closes it, focus goes
// back.
import { byId } from "/shared/dom.js";

/** The one controller of both. */
export function sheets() {
  const shade = byId("shade");
  let current;
  let before;
  const close = () => {
    if (current === undefined) return;
    current.classList.remove("open");
    shade.hidden = true;
    current.dispatchEvent(new Event("sheetclosed"));
    current = undefined;
    if (before?.isConnected) before.focus();
  };
  const open = (node) => {
    close();
    before = document.activeElement;
    current = node;
    node.classList.add("open");
    shade.hidden = false;
    node.querySelector("button, input")?.focus();
  };
  shade.addEventListener("click", close);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && current !== undefined) close();
  });
  return { open, close, isOpen: (node) => current === node };
}
