/** A box role's desk over a fresh data folder, for tests: real boxes, the link replaced by a list. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AgentFolder } from "#contracts/agent-folders.ts";
import type { FromBox } from "#contracts/box-link.ts";
import { boxPlan } from "#confine/box-plan.ts";
import { planDigest } from "#confine/plan-digest.ts";
import { type DataPaths, dataPaths } from "#host/paths.ts";
import type { Self } from "#host/self.ts";
import { systemClock } from "#runtime/clock.ts";
import { BoxDesk } from "./desk.ts";
import { namespacePrefix } from "#confine/namespaces.ts";
import { selfTest } from "./self-test.ts";

/** The stub from source. */
export const STUB: Self = {
  command: [process.execPath, join(import.meta.dir, "..", "confine", "confined.fixture.ts")],
  sourceRoot: undefined,
};

/** Why there is no box on this system; empty where there is one. For the name of a skipped suite. */
export async function whyNoBox(): Promise<string> {
  const prefix = namespacePrefix("no proc");
  if (!prefix.ok) return prefix.error.message;
  const folder = mkdtempSync(join(tmpdir(), "wirken-box-"));
  const tested = await selfTest(folder, { clock: systemClock, self: STUB, prefix: prefix.value });
  rmSync(folder, { recursive: true, force: true });
  return tested.ok ? "" : tested.error.message;
}

export interface Ran {
  readonly output: string;
  /** The last message: `ended` or `refused`. */
  readonly end: FromBox;
}

export interface BoxLab extends Disposable {
  readonly paths: DataPaths;
  readonly workspace: string;
  readonly desk: BoxDesk;
  readonly sent: FromBox[];
  /** Runs a script in the default agent's box. */
  run(script: string, more?: { readonly cwd?: string; readonly plan?: string }): Promise<Ran>;
  give(folders: readonly AgentFolder[]): void;
  undo(changes: string): Promise<FromBox | undefined>;
}

export function boxLab(): BoxLab {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "wirken-box-")));
  const paths = dataPaths(root);
  const workspace = paths.workspace("default");
  mkdirSync(workspace, { recursive: true, mode: 0o700 });
  const prefix = namespacePrefix("no proc");
  if (!prefix.ok) throw new Error(prefix.error.message);
  const sent: FromBox[] = [];
  let folders: readonly AgentFolder[] = [];
  let id = 0;
  const desk = new BoxDesk({
    paths,
    clock: systemClock,
    self: STUB,
    prefix: prefix.value,
    door: -1,
    send: (message) => void sent.push(message),
    drained: () => Promise.resolve(),
  });
  const answers = (to: number): readonly FromBox[] =>
    sent.filter((message) => "id" in message && message.id === to);
  return {
    paths,
    workspace,
    desk,
    sent,
    run: async (script, { cwd = ".", plan } = {}) => {
      id += 1;
      const own = id;
      const facts = {
        agent: "default",
        argv: ["/bin/sh", "-c", script],
        cwd,
        program: "/bin/sh",
        network: false,
      } as const;
      const digest = plan ?? planDigest(boxPlan({ ...facts, paths, folders }));
      await desk.take({ ...facts, kind: "run", id: own, plan: digest, argv: [...facts.argv] });
      const all = answers(own);
      const pieces = all.flatMap((each) =>
        each.kind === "output" ? [Buffer.from(each.base64, "base64")] : [],
      );
      const end = all.at(-1);
      if (end === undefined) throw new Error("a run without an answer");
      return { output: Buffer.concat(pieces).toString("utf8"), end };
    },
    give: (given) => {
      folders = given;
      mkdirSync(paths.operator, { recursive: true, mode: 0o700 });
      writeFileSync(paths.folders, JSON.stringify({ version: 1, agents: { default: given } }));
    },
    undo: async (changes) => {
      id += 1;
      const own = id;
      await desk.take({ kind: "undo", id: own, agent: "default", changes });
      return answers(own).at(-1);
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}
