// Waiting approvals of all channels, before everything else. An answered card keeps its outcome until the
// page is left.
import { approvalCard } from "/shared/approval.js";
import { byId, h, icon } from "/shared/dom.js";

const ANSWERED_KEPT = 6;
/** For a page that slept so long that the program no longer remembers the end. */
const FORGOTTEN = { verdict: "cancelled", outcome: "No longer open. The record says how it ended." };

/** Builds the section. `changed()` is told when the record has something new. */
export function approvals(api, changed) {
  const number = h("span", { class: "number nums", hidden: true });
  const title = h("h2", { id: "approvals-title" }, "Waiting for you", number);
  const cards = h("div", { class: "cards" });
  const calm = h("p", { class: "calm" }, icon("check"), h("span", {}, "Nothing waits for an answer."));
  const answered = h("div", { class: "cards answered" });
  byId("approvals").replaceChildren(h("div", { class: "section-head" }, title), calm, cards, answered);
  const open = new Map();

  const draw = () => {
    number.hidden = open.size === 0;
    number.textContent = String(open.size);
    calm.hidden = open.size > 0;
    document.title = open.size === 0 ? "Wirken console" : `(${open.size}) Wirken console`;
  };
  const answer = async (prompt, body) => {
    const { ok, detail } = await api.post("/api/answer", { approvalId: prompt.approvalId, ...body });
    if (!ok) throw Object.assign(new Error("refused"), { fault: { message: detail } });
    const verdict = body.verdict === "approve" ? "approved" : "denied";
    const card = open.get(prompt.approvalId);
    if (card !== undefined) put(prompt.approvalId, card, { verdict, outcome: detail });
    draw();
    changed();
  };
  const again = async ({ approvalId }) => {
    const { ok, detail } = await api.post("/api/again", { approvalId });
    if (!ok) throw Object.assign(new Error("refused"), { fault: { message: detail } });
  };
  /** Answered cards move below those that wait. */
  const put = (id, card, closed) => {
    card.close(closed);
    open.delete(id);
    answered.prepend(card.node);
    while (answered.childElementCount > ANSWERED_KEPT) answered.lastElementChild.remove();
  };
  return {
    load: async () => {
      const requests = await api.post("/api/approvals").catch(() => undefined); // the stream says when there is no one
      if (requests === undefined) return;
      const { waiting, ended } = requests;
      const now = new Set(waiting.map((prompt) => prompt.approvalId));
      for (const [id, card] of open) {
        if (now.has(id)) continue;
        put(id, card, ended.find((one) => one.approvalId === id) ?? FORGOTTEN);
      }
      for (const prompt of waiting) {
        if (open.has(prompt.approvalId)) continue;
        const card = approvalCard(prompt, {
          answer: (body) => answer(prompt, body),
          again: () => again(prompt),
        });
        open.set(prompt.approvalId, card);
        cards.prepend(card.node);
        byId("say").textContent = `Waiting for you: ${prompt.title}`;
        if (document.activeElement === document.body) card.focus();
      }
      draw();
    },
  };
}
