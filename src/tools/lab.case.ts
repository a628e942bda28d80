/** A tool context over a fresh folder, for tests. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EgressVerdict } from "#broker/broker.ts";
import { systemDial } from "#broker/wires.ts";
import { newCallId } from "#contracts/ids.ts";
import type { JsonObject } from "#contracts/json.ts";
import { systemSupport } from "#confine/status.ts";
import { fail } from "#contracts/fault.ts";
import { dataPaths } from "#host/paths.ts";
import { BeneathRoot } from "#host/beneath.ts";
import { systemClock } from "#runtime/clock.ts";
import { fixedRandom, systemRandom } from "#runtime/random.ts";
import type { BoxPort } from "./box-port.ts";
import { performCall, prepareCall } from "./catalog.ts";
import type { FolderPort } from "./folder-port.ts";
import { fetchPort } from "./http-port.ts";
import { openSnapshots } from "./snapshots.ts";
import type { Performance, Prepared, ToolContext, ToolOutcome } from "./tool.ts";

export interface ToolLab extends Disposable {
  readonly root: string;
  readonly workspace: string;
  readonly context: ToolContext;
  readonly lines: string[];
  readonly verdicts: readonly EgressVerdict[];
  prepare(tool: string, args: JsonObject): Prepared;
  perform(prepared: Prepared, more?: Partial<Performance>): Promise<ToolOutcome>;
  /** Both steps. */
  run(tool: string, args: JsonObject): Promise<ToolOutcome>;
}

/** A system without a box. */
const NO_BOX: BoxPort = {
  enforced: false,
  ready: Promise.resolve(),
  detail: "there is none",
  look: () => Promise.resolve({ fits: false, detail: "there is none" }),
  run: () => Promise.resolve(fail("unsupported", "there is none")),
  undo: () => Promise.resolve(fail("unsupported", "there is none")),
};

/** No folder was given. */
const NOT_GIVEN: FolderPort = {
  readFile: () => Promise.resolve(fail("unavailable", "there is none")),
  listFolder: () => Promise.resolve(fail("unavailable", "there is none")),
  writeFile: () => Promise.resolve(fail("unavailable", "there is none")),
};

/** Builds a lab; `over` replaces parts of the context. */
export function toolLab(over: Partial<ToolContext> = {}): ToolLab {
  const root = mkdtempSync(join(tmpdir(), "wirken-tools-"));
  const agent = join(root, "agents", "default");
  const workspace = join(agent, "workspace");
  mkdirSync(workspace, { recursive: true, mode: 0o700 });
  const opened = BeneathRoot.open(workspace);
  if (!opened.ok) throw new Error(opened.error.message);
  const context: ToolContext = {
    workspace: opened.value,
    workspacePath: workspace,
    snapshots: openSnapshots(join(agent, "snapshots"), systemClock),
    temporaryFolder: join(agent, "tmp"),
    dataRoot: root,
    self: {
      command: [process.execPath, join(import.meta.dir, "..", "confine", "confined.fixture.ts")],
      sourceRoot: undefined,
    },
    confinementRequired: false,
    confinesReading: systemSupport().landlockAbi > 0,
    box: {
      port: NO_BOX,
      agent: "default",
      paths: dataPaths(root),
      folders: [],
      missing: "",
    },
    given: { port: NOT_GIVEN, agent: "default", folders: [], missing: "" },
    clock: systemClock,
    random: fixedRandom(),
    http: fetchPort(fetch),
    resolve: async () => [],
    dial: systemDial({ ca: [] }),
    privateHosts: [],
    credentials: new Map(),
    typedByAsker: () => false,
    ...over,
  };
  const lines: string[] = [];
  const verdicts: EgressVerdict[] = [];
  const prepare = (tool: string, args: JsonObject): Prepared =>
    prepareCall(
      {
        id: newCallId((count) => systemRandom.bytes(count)),
        providerId: "x",
        name: tool,
        args: JSON.stringify(args),
      },
      context,
    );
  const perform = (prepared: Prepared, more: Partial<Performance> = {}): Promise<ToolOutcome> =>
    performCall(prepared, context, {
      signal: new AbortController().signal,
      onLine: (line) => lines.push(line),
      onEgress: async (verdict) => void verdicts.push(verdict),
      ...more,
    });
  return {
    root,
    workspace,
    context,
    lines,
    verdicts,
    prepare,
    perform,
    run: (tool, args) => perform(prepare(tool, args)),
    [Symbol.dispose]: () => {
      opened.value[Symbol.dispose]();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
