/** Runs a deterministic tool again from two rows of the record: the call as it was recorded, and its result. */
import type { Row } from "#contracts/audit-event.ts";
import { isJsonObject } from "#contracts/json.ts";
import { isReplayed, replay } from "#tools/replay.ts";

/** `same`, `different`, or `not_replayable` where the tool has effects or the record holds no inputs. */
export function replayRow(call: Row, result: Row): "same" | "different" | "not_replayable" {
  const action = objectFrom(call.content?.["action"]);
  const recorded = result.content?.["recorded"];
  const text = result.content?.["text"];
  const tool = action?.["tool"];
  const args = action?.["args"];
  if (typeof tool !== "string" || !isReplayed(tool) || !isJsonObject(args)) return "not_replayable";
  if (recorded === undefined || result.payload?.["outcome"] !== "done") return "not_replayable";
  const output = replay(tool, args, recorded);
  return output.ok && output.value === text ? "same" : "different";
}

function objectFrom(text: unknown): { readonly [key: string]: unknown } | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
