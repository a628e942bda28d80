/** A door that is closed: what comes late is not told to a program whose record is closed. */
import { expect, test } from "bun:test";
import type { RoleReport } from "#contracts/keeper-link.ts";
import { manualClock } from "#runtime/clock.ts";
import { PeerDoor } from "./peer-door.ts";
import { signerClient } from "./signer-client.ts";

test("PeerDoor tells what waited before it opened, and nothing once it is closed", async () => {
  const clock = manualClock();
  const door = new PeerDoor([], signerClient(clock));
  const told: string[] = [];
  const report = (peerId: string): RoleReport => ({
    kind: "role",
    role: "adapter",
    peerId,
    pid: 1,
    state: "running",
    why: "",
    sinceMs: 0,
    restarts: 0,
    exitCode: 0,
    confinement: [],
  });
  door.report(report("early"));
  door.open({
    attach: () => undefined,
    refuse: ({ reason }) => told.push(reason),
    role: ({ peerId }) => told.push(peerId),
  });
  door.report(report("in time"));
  await door.close(clock);
  door.report(report("late"));
  door.refused({ reason: "busy", peerId: undefined });
  expect(told).toEqual(["early", "in time"]);
});
