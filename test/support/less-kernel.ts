/**
 * Runs a program as on a kernel without a mechanism: its system calls are refused before the program starts, for it
 * and for all it starts. `bun less-kernel.ts landlock|seccomp|namespaces PROGRAM WORD…`
 */
import { installFilter } from "#confine/seccomp.ts";
import { loadLibc } from "#host/libc.ts";
import { noNewPrivileges, prepareExecution } from "#host/process-control.ts";

const CALLS = { landlock: "landlock_create_ruleset", seccomp: "seccomp", namespaces: "unshare" } as const;
const [lacks, program = "", ...words] = process.argv.slice(2);
const libc = loadLibc();
if (libc === undefined || (lacks !== "landlock" && lacks !== "seccomp" && lacks !== "namespaces"))
  throw new Error("not here");
noNewPrivileges(libc);
const installed = installFilter(libc, { denied: [CALLS[lacks]], families: undefined }, true);
if (!installed.ok) throw new Error(installed.error.message);
const env = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? ""]));
throw new Error(`execve: errno ${String(prepareExecution(libc, program, [program, ...words], env)())}`);
