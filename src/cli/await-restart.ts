/** Waits until roles that are started again have come back, so that the next command finds a program that answers. */
import type { RoleStatus } from "#contracts/page-api.ts";
import type { ControlClient } from "./client.ts";
import type { Context } from "./context.ts";

const WAIT_MS_MAX = 15_000;
const POLL_MS = 100;

/** The roles as they stand; empty when the program does not tell. */
export async function rolesNow(connection: ControlClient): Promise<readonly RoleStatus[]> {
  const status = await connection.call("status", {});
  return status.ok ? status.value.roles : [];
}

/**
 * Says which roles were started again, once each runs as another process than in `before`, or after 15 s which of
 * them are still on their way.
 */
export async function awaitRestart(
  context: Context,
  before: readonly RoleStatus[],
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) return;
  const { clock, out, signal } = context;
  const list = names.join(", ");
  const end = clock.monotonic() + WAIT_MS_MAX;
  while (clock.monotonic() < end && !signal.aborted) {
    const now = await rolesOverNewConnection(context);
    if (names.every((name) => hasComeBack(name, before, now))) return out.say(`restarted: ${list}`);
    await clock.sleep(POLL_MS, signal).catch(() => undefined); // an abort ends the loop above
  }
  out.say(`restarting: ${list}; \`wirken status\` tells when it runs`);
}

async function rolesOverNewConnection(context: Context): Promise<readonly RoleStatus[]> {
  const client = await context.connect();
  if (!client.ok) return [];
  using connection = client.value;
  return await rolesNow(connection);
}

function hasComeBack(name: string, before: readonly RoleStatus[], now: readonly RoleStatus[]): boolean {
  const old = before.find(({ peerId }) => peerId === name);
  return now.some(({ peerId, state, pid }) => peerId === name && state === "running" && pid !== old?.pid);
}
