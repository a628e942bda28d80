/**
 * Asking again (docs: policy, "Verdict and approval"): the words of a turn that nobody answered in time, or that a
 * restart ended, read back for a new turn and so for a new request. They come from the signed frame in the record, not
 * from whoever asks again: that person gives nothing but the word.
 */
import type { Row } from "#contracts/audit-event.ts";
import { type Channel, isChannel } from "#contracts/channel.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import type { PersonId, SessionId } from "#contracts/ids.ts";
import { ok, type Result } from "#contracts/result.ts";
import { isOperatorSurface } from "#policy/approver.ts";
import { numberField, textField } from "#session/fields.ts";
import { SessionHandle } from "#session/handle.ts";
import type { Parts } from "./compose.ts";
import type { Accepted } from "./ingress.ts";
import { inboundOf, keyFor, speakerOf } from "./restore.ts";

/** Who asks again, as their surface vouches for them. */
export interface AgainBy {
  readonly person: PersonId;
  readonly surface: Channel;
}

/** An event that is run once more: whose turn it was, and who said so. */
export interface Recalled extends Accepted<Channel> {
  readonly again: AgainBy & { readonly turn: string };
}

/** What ends a request without a person's word (`by` of its decision row). */
const ENDED_BY_NOBODY = ["time", "restart", "shutdown"] as const;
const NOTHING = "nothing here waits to be asked again";

/**
 * The words of the session's last turn, where that turn ended without an answer to its request. Faults: `not_found` for
 * a session without such a turn, `refused` for somebody else's words.
 */
export function recall(
  parts: Pick<Parts, "identity" | "people"> & {
    readonly world: Pick<Parts["world"], "journal" | "hasForce">;
  },
  session: SessionId,
  by: AgainBy,
): Result<Recalled, Fault> {
  const place = parts.identity.placeOf(session);
  const rows = place === undefined ? [] : parts.world.journal.readSession(session);
  const turn = unansweredTurn(rows);
  const asked = rows.find((row) => row.kind === "user_message" && textField(row.payload, "turn") === turn);
  const [channel = ""] = place?.instance.split(":") ?? [];
  if (place === undefined || asked === undefined || !isChannel(channel)) return fail("not_found", NOTHING);
  const asker = textField(asked.payload, "asker");
  if (by.person !== asker && !isOperatorSurface(by.surface)) {
    return fail("refused", "only the person who asked can ask again");
  }
  const seq = numberField(asked.payload, "inbound", -1);
  const arrived = rows.find((row) => row.kind === "inbound" && row.seq === seq);
  // An unattested row has no force here: its frame could be signed with any key.
  const inbound = arrived === undefined ? undefined : inboundOf(arrived, keyFor(parts, undefined)(arrived));
  const person = inbound === undefined ? undefined : speakerOf(parts, place, inbound);
  if (inbound === undefined || person === undefined || person !== asker) {
    return fail("not_found", "the words are not in the record any more; write them again");
  }
  const handle = SessionHandle.open<Channel>(channel, place);
  return ok({ handle, person, inbound, seq, again: { ...by, turn } });
}

/** The session's last turn, when a request of it ended with nobody's word; empty when the turn ended otherwise. */
function unansweredTurn(rows: readonly Row[]): string {
  const turn = textField(rows.findLast((row) => row.kind === "turn_started")?.payload, "turn");
  const mine = rows.filter((row) => textField(row.payload, "turn") === turn);
  const isOver = mine.some((row) => row.kind === "turn_ended");
  const isUnanswered = mine.some(
    ({ kind, payload }) =>
      kind === "decision" && ENDED_BY_NOBODY.some((by) => by === textField(payload, "by")),
  );
  return isOver && isUnanswered ? turn : "";
}
