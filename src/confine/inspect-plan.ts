/**
 * The launch plan of a command that is proven to read (docs/ARCHITECTURE.md, confinement): nothing can be
 * written but its own temporary folder, no socket can be made, and no program can be started but those that
 * were approved. So a file of the workspace that names a program (a repository's filter, converter or
 * monitor) names one in vain.
 */
import { SYSTEM_PATH } from "#host/env.ts";
import type { LaunchPlan, PathRule } from "./plan.ts";
import { SYSTEM_RULES } from "./system-paths.ts";
import { type ToolFacts, toolPlan } from "./tool-plan.ts";

export interface InspectFacts extends Omit<ToolFacts, "network" | "required"> {
  /** Real paths of every program that it may start. */
  readonly programs: readonly string[];
}

/** The kernel opens a program's loader as it opens the program. */
const LOADERS = [
  "/lib64/ld-linux-x86-64.so.2",
  "/lib/ld-linux-aarch64.so.1",
  "/lib/ld-musl-x86_64.so.1",
  "/lib/ld-musl-aarch64.so.1",
] as const;

/**
 * What git would start on its own; a repository cannot overrule it, since git takes the environment's
 * settings last.
 */
const GIT_SETTINGS = [
  ["core.fsmonitor", "false"],
  ["log.showSignature", "false"],
] as const;

/** The plan of a reading command. It is not started where the kernel cannot enforce it. */
export function inspectPlan(facts: InspectFacts): LaunchPlan {
  const plan = toolPlan({ ...facts, network: false, required: true });
  const run = (path: string): PathRule => ({ path, rights: "run" });
  return {
    ...plan,
    env: { ...plan.env, PATH: SYSTEM_PATH, HOME: facts.temporary, ...gitEnvironment(facts.workspace) },
    paths: [
      ...SYSTEM_RULES.map((rule): PathRule => (rule.rights === "run" ? { ...rule, rights: "read" } : rule)),
      ...LOADERS.map(run),
      ...facts.programs.map(run),
      { path: facts.workspace, rights: "read" },
      { path: facts.temporary, rights: "write", make: "folder" },
    ],
  };
}

/**
 * No settings of the person or the system, no lock, no question, no looking for a repository above the
 * workspace.
 */
function gitEnvironment(workspace: string): Readonly<Record<string, string>> {
  const settings = GIT_SETTINGS.flatMap(([key, value], at): [string, string][] => [
    [`GIT_CONFIG_KEY_${at}`, key],
    [`GIT_CONFIG_VALUE_${at}`, value],
  ]);
  return {
    GIT_CEILING_DIRECTORIES: workspace.slice(0, workspace.lastIndexOf("/")),
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_COUNT: String(GIT_SETTINGS.length),
    ...Object.fromEntries(settings),
    // Also for what a repository that was cloned in part would fetch when a file is missing.
    GIT_ALLOW_PROTOCOL: "none",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_TERMINAL_PROMPT: "0",
    GIT_NO_LAZY_FETCH: "1",
  };
}
