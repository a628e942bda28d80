/**
 * A role for the keeper's tests: takes its hand-off, writes down what it got and when it ended, and speaks the keeper's
 * vocabulary as a gateway. What it should say is read from a file, so that a test can make it say anything.
 */
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HANDOFF_NAMES, KEPT_ROLES, LINK_FD } from "#contracts/handoff.ts";
import { readHandoff } from "#host/handoff.ts";
import { openSocket } from "#ipc/bun-socket.ts";
import { systemClock } from "#runtime/clock.ts";

const [kind = "", name = "", folder = ""] = process.argv.slice(2);
const role = KEPT_ROLES.find((known) => known === kind);
if (role === undefined) throw new Error("no such role");
const handoff = await readHandoff(HANDOFF_NAMES[role]);
if (!handoff.ok) process.exit(78);
const values = [...handoff.value].map(([key, secret]) => [
  key,
  secret.use((bytes) => Buffer.from(bytes).toString("latin1")),
]);
const environ = readFileSync("/proc/self/environ", "latin1");
const got = { pid: process.pid, argv: process.argv, environ, values: Object.fromEntries(values) };
writeFileSync(join(folder, `${name.replace(":", "@")}.json`), JSON.stringify(got));

const ended = (): void => appendFileSync(join(folder, "ended"), `${name}\n`);
process.on("SIGTERM", () => {
  if (existsSync(join(folder, "stubborn"))) return;
  ended();
  process.exit(0);
});
if (role === "gateway") await serve();
else await systemClock.sleep(60_000);

async function serve(): Promise<void> {
  let buffered = "";
  const socket = await openSocket<undefined>({ fd: LINK_FD }, undefined, {
    data: (_, bytes) => {
      buffered += Buffer.from(bytes).toString();
      const lines = buffered.split("\n");
      buffered = lines.pop() ?? "";
      for (const line of lines) {
        appendFileSync(join(folder, "heard"), `${line}\n`);
        if (!line.includes('"kind":"stop"')) continue;
        if (existsSync(join(folder, "stubborn"))) return;
        ended();
        socket.write('{"kind":"sealed"}\n');
        setTimeout(() => process.exit(0), 20);
      }
    },
    close: () => process.exit(0),
  });
  socket.write('{"kind":"listening"}\n');
  for (;;) {
    await systemClock.sleep(10);
    const file = join(folder, "say");
    if (!existsSync(file)) continue;
    socket.write(readFileSync(file, "utf8"));
    rmSync(file);
  }
}
