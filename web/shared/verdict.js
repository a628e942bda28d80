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
    const holds = first !== undefined && first.id > 1 ? ` Rows 1–${count(first.id - 1)} hold.` : "";
    return block(
      "bad",
      "alert",
      where + holds + more,
      `Checked ${plural(summary.rows, "row")}. The whole list: `,
      h("code", {}, "wirken audit verify"),
    );
  }
  const counts = full
    ? [
        plural(summary.rows, "row"),
        plural(summary.sessions, "conversation"),
        plural(summary.heads + summary.checkpoints, "signature"),
      ].join(", ")
    : plural(summary.rows, "row");
  const took = summary.tookMs < 100 ? "in less than 0.1 s" : `in ${duration(summary.tookMs)}`;
  const when = `Checked ${clockTime(Date.now())} ${took} by the gateway`;
  const level = summary.level === "" ? "" : ` (level ${summary.level})`;
  const limit = summary.notShown === "" ? "" : `Its limit${level}: ${summary.notShown}.`;
  return block("good", "check", `Intact: ${counts}. ${when}.`, limit);
}

/** "Row 418 was changed after it was written: its text no longer fits its commitment." */
export function problemSentence(problem) {
  const reason = REASONS[problem.reason] ?? `has a problem: ${problem.reason.replaceAll("_", " ")}`;
  const place = problem.id > 0 ? `Row ${count(problem.id)}` : `Conversation ${problem.session}`;
  return `${place} ${reason}.`;
}

const CHANGED = "was changed after it was written:";

const REASONS = {
  schema: "is not of the shape that rows have",
  gap: "does not follow: rows before it are missing",
  payload_hash: `${CHANGED} its payload no longer fits its hash`,
  content_mismatch: `${CHANGED} its text no longer fits its commitment`,
  row_hash: `${CHANGED} the row no longer fits its hash`,
  prev_hash: "does not follow the row before it",
  payload_missing: "lost its payload without a signed reason",
  content_missing: "lost its text without a signed reason",
  head_signature: "carries a signature that does not hold",
  head_range: "has a signed range that is missing or does not join",
  tree_root: "does not fit the signed tree over all rows",
  tree_size: "names another size of the log than there is",
  tree_signature: "carries a signature over the tree that does not hold",
  unsigned_tail: "and what follows carry no signature",
  unknown_key: "is signed by a key that the log does not know",
  key_break: "brings in a key that the one before it did not sign",
  rollback: "is where the log ends, and it was longer once",
};

function block(tone, name, sentence, ...limit) {
  const words = h("div", {}, h("p", {}, sentence), h("p", {}, ...limit));
  return h("div", { class: `verdict ${tone}`.trim() }, icon(name), words);
}
