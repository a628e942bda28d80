/**
 * What a start owes to the run before it (the crash rule): every session is healed, requests that a restart ended are
 * closed where they were shown, messages that never left are sent, and words that were recorded but never reached a
 * turn get theirs.
 */
import { type Channel, isChannel } from "#contracts/channel.ts";
import type { NewRow, Row } from "#contracts/audit-event.ts";
import type { PersonId } from "#contracts/ids.ts";
import type { RegisteredPeer } from "#contracts/frame.ts";
import type { Inbound } from "#contracts/message.ts";
import { evidenceFromJson, verifyInboundEvidence } from "#ipc/evidence.ts";
import { PublicKey } from "#ipc/keys.ts";
import { numberField, textField } from "#session/fields.ts";
import { SessionHandle, type SessionPlace } from "#session/handle.ts";
import { healingRows } from "#session/heal.ts";
import { openApprovals } from "#session/history.ts";
import { promptFrom } from "./approval-rows.ts";
import type { Parts } from "./compose.ts";
import { OWNER_PLATFORM_ID } from "./people.ts";

/**
 * Heals every session of the log; to be called before anything new is taken in. Rejects when the log cannot
 * be written.
 * @param peerOf the registry of the gateway's hand-off, by peer id
 */
export async function restore(
  parts: Parts,
  peerOf: (peerId: string) => RegisteredPeer | undefined,
): Promise<void> {
  const { journal } = parts.world;
  for (const session of journal.sessions()) {
    const place = parts.identity.placeOf(session);
    if (place === undefined) continue;
    const rows = journal.readSession(session);
    const [first, ...rest] = healingRows(session, rows);
    if (first !== undefined) await journal.append([first, ...rest]);
    for (const open of openApprovals(rows)) {
      const prompt = promptFrom(open);
      if (prompt !== undefined) parts.prompts.closeOverdue(place, prompt);
    }
    const [channel = ""] = place.instance.split(":");
    if (!isChannel(channel)) continue;
    const handle: SessionHandle<Channel> = SessionHandle.open<Channel>(channel, place);
    parts.egress.restore(handle);
    if (lostAnswers([first, ...rest], rows)) await parts.egress.tellLost(handle);
    for (const { row, inbound } of unheardWords(rows, keyFor(parts, peerOf(place.instance)))) {
      const person = speakerOf(parts, place, inbound);
      if (person === undefined || person !== textField(row.payload, "asker")) continue;
      await parts.reception.enqueue({ handle, person, inbound, seq: row.seq });
    }
  }
}

/** True when the healing closed an answer whose sending had begun: its person may wait for it in vain. */
function lostAnswers(healed: readonly (NewRow | undefined)[], rows: readonly Row[]): boolean {
  const lost = new Set(
    healed.flatMap((row) => (row?.kind === "delivery" ? [textField(row.payload, "outbound")] : [])),
  );
  return rows.some(
    (row) =>
      row.kind === "outbound" &&
      textField(row.payload, "purpose") === "answer" &&
      lost.has(textField(row.payload, "outbound")),
  );
}

/**
 * Whose words a recorded event holds, by the signed frame and not by the row's own claim; `undefined` when its
 * sender is not admitted (any more), or the frame belongs to another conversation than the row.
 */
export function speakerOf(
  parts: Pick<Parts, "identity" | "people">,
  place: Pick<SessionPlace, "instance" | "platformConversation" | "thread">,
  inbound: Inbound,
): PersonId | undefined {
  const isHere =
    inbound.instance === place.instance &&
    inbound.conversation === place.platformConversation &&
    inbound.thread === place.thread;
  if (!isHere) return undefined;
  if (inbound.channel === "webchat") {
    return inbound.senderId === OWNER_PLATFORM_ID ? parts.people.owner : undefined;
  }
  const person = parts.identity.knownPerson(place.instance, inbound.senderId);
  return person !== undefined && parts.people.isAdmitted(person) ? person : undefined;
}

/**
 * Messages that were recorded and acknowledged, and whose turn never began. Their words are read back from the signed
 * frame in the row's own evidence, so that nothing is run that the adapter did not sign.
 * @param keyOf the key that a row's evidence must stand under; `undefined` when none counts
 */
export function unheardWords(
  rows: readonly Row[],
  keyOf: (row: Row) => string | undefined,
): readonly { readonly row: Row; readonly inbound: Inbound }[] {
  const heard = new Set(
    rows.filter((row) => row.kind === "user_message").map((row) => numberField(row.payload, "inbound", -1)),
  );
  // A person's stop dropped what waited behind the turn; the end of the program did not.
  const isStop = (row: Row): boolean =>
    row.kind === "turn_cancelled" && textField(row.payload, "by") !== "shutdown";
  const lastEnd = rows.findLast(isStop)?.seq ?? -1;
  return rows
    .filter((row) => row.kind === "inbound" && textField(row.payload, "kind") === "message")
    .filter((row) => !heard.has(row.seq) && row.seq > lastEnd)
    .flatMap((row) => {
      const inbound = inboundOf(row, keyOf(row));
      return inbound === undefined ? [] : [{ row, inbound }];
    });
}

/**
 * An attested row names the key that its connection had, which may have been rotated since. Whoever can write the file
 * can write an unattested row and sign its frame with a key of their own: there the registered key alone counts.
 */
export function keyFor(
  parts: { readonly world: Pick<Parts["world"], "hasForce"> },
  peer: RegisteredPeer | undefined,
): (row: Row) => string | undefined {
  return (row) => {
    if (parts.world.hasForce(row)) return textField(row.payload, "peer_key");
    return peer?.role === "adapter" ? peer.publicKey : undefined;
  };
}

/** The event of an `inbound` row, by the signed frame in it; `undefined` when that does not stand under the key. */
export function inboundOf(row: Row, peerKey: string | undefined): Inbound | undefined {
  const evidence = row.content === undefined ? undefined : evidenceFromJson(row.content);
  const key = PublicKey.parse(peerKey ?? "");
  if (evidence?.ok !== true || !key.ok) return undefined;
  const payload = verifyInboundEvidence(evidence.value, key.value);
  return payload.ok && payload.value.kind === "inbound" ? payload.value.inbound : undefined;
}
