// What a verification says, in one sentence and its limit.
import { h, icon } from "./dom.js";
import { clockTime, count, duration, plural } from "./words.js";

/** The block for a `VerifySummary`, or for the error that came instead of one. */
export function verdictBlock(summary, error, { full = false } = {}) {
  if (summary === undefined) {
    const why = error?.fault?.message ?? "the page's process does not answer";
    return block("", "question", `Cannot tell: ${why}.`, "Nothing was checked, so nothing is claimed.");
  }
  if (!summary.ok) {
    const [first] = summary.problems;
    const rest = summary.problems.length - 1;
    const where = first === undefined ? "The record does not check out." : problemSentence(first);
    const more = rest > 0 ? ` ${plural(rest, "more problem")}.` : "";
    const limit = first !== undefined && first.id > 1 ? `Checked ${plural(summary.rows, "row")}.` : "";
    return block(
      "bad",
      "alert",
      where + more,
      `${limit} Run \`wirken audit verify\` for the whole list.`.trim(),
    );
  }
  const counts = full
    ? `${plural(summary.rows, "row")}, ${plural(summary.sessions, "conversation")}, ${plural(summary.heads + summary.checkpoints, "signature")}`
    : plural(summary.rows, "row");
  const when = `Checked ${clockTime(Date.now())}, ${duration(summary.tookMs)}, by the gateway`;
  const level = summary.level === "" ? "" : `, level ${summary.level}`;
  return block(
    "good",
    "check",
    `Intact: ${counts}. ${when}${level}.`,
    `Not shown by this check: ${summary.notShown}`,
  );
}

/** "Row 418 was changed after it was written: its text no longer fits its commitment." */
export function problemSentence(problem) {
  const reason = REASONS[problem.reason] ?? problem.reason.replaceAll("_", " ");
  const place = problem.id > 0 ? `Row ${count(problem.id)}` : `Conversation ${problem.session}`;
  return `${place}: ${reason}.`;
}

const REASONS = {
  schema: "it is not of the shape that rows have",
  gap: "rows before it are missing",
  payload_hash: "it was changed after it was written; its payload no longer fits its hash",
  content_mismatch: "it was changed after it was written; its text no longer fits its commitment",
  row_hash: "it was changed after it was written; the row no longer fits its hash",
  prev_hash: "it does not follow the row before it",
  payload_missing: "its payload was taken out without a signed reason",
  content_missing: "its text was taken out without a signed reason",
  head_signature: "the signature over its conversation does not hold",
  head_range: "a signed range of its conversation is missing or does not join",
  tree_root: "the signed tree over all rows does not fit",
  tree_size: "the signed tree over all rows has another size",
  tree_signature: "the signature over the tree does not hold",
  unsigned_tail: "rows at the end carry no signature",
  unknown_key: "it is signed by a key that the log does not know",
  key_break: "a key came into force that the one before it did not sign",
  rollback: "the log is shorter than it once was",
};

function block(tone, name, sentence, limit) {
  return h(
    "div",
    { class: `verdict ${tone}`.trim() },
    icon(name),
    h("div", {}, h("p", {}, sentence), h("p", {}, limit)),
  );
}
