/**
 * A gateway for tests: under its real plan it listens, closes the door to Unix sockets, and starts tool
 * runs.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readEnvironment } from "#host/env.ts";
import { loadLibc } from "#host/libc.ts";
import { dataPaths } from "#host/paths.ts";
import { dialUnix } from "#host/process-control.ts";
import { openDatabase } from "#host/sqlite.ts";
import { main } from "./launch.ts";
import { enterRole, sealUnixSockets } from "./stage2.ts";
import { launchTool } from "./start.ts";
import { TOOL_GUARD, toolPlan } from "./tool-plan.ts";

const [role, ...words] = process.argv.slice(2);
if (role === "launch") process.exitCode = await main(words);
else await attack();

async function attack(): Promise<void> {
  const entered = enterRole("gateway");
  const environment = readEnvironment();
  if (!environment.ok || !entered.ok) throw new Error("the role could not be entered");
  const paths = dataPaths(environment.value.dataDir);
  const server = Bun.listen({ unix: paths.gatewaySocket, socket: { data: () => undefined } });
  sealUnixSockets();
  const libc = loadLibc();
  const database = openDatabase(paths.auditDb);
  database.run("CREATE TABLE t (x)");
  database.close();
  writeFileSync(paths.config, "{}");
  const workspace = paths.workspace("default");
  mkdirSync(workspace, { recursive: true });
  const script =
    "echo hi > a; mv a b; cat b; sleep 30 & cat ../../../audit/audit.db; cat ../../../config.json; true";
  const plan = toolPlan({
    program: "/bin/sh",
    argv: ["sh", "-c", script],
    cwd: workspace,
    workspace,
    temporary: join(paths.agent("default"), "tmp", "run"),
    network: false,
    required: true,
  });
  const run = launchTool(plan, TOOL_GUARD, { dataRoot: paths.root });
  if (!run.ok) throw new Error(run.error.message);
  const outcome = {
    vault: attempt(() => readFileSync(paths.vaultDb)),
    signer: attempt(() => readFileSync(join(paths.state("signer"), "memory"))),
    dial: libc === undefined ? 0 : dialUnix(libc, paths.gatewaySocket),
    output: await new Response(run.value.stdout).text(),
    report: await run.value.ended,
  };
  server.stop(true);
  writeFileSync(join(paths.state("gateway"), "outcome.json"), JSON.stringify(outcome));
}

function attempt(act: () => unknown): string {
  try {
    act();
    return "possible";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "unknown";
  }
}
