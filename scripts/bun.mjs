// Runs the pinned Bun with the given arguments, whether or not npm was allowed to run Bun's install script.
// Needs nothing but Node: the real binary lies in one of @oven's platform packages either way.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const PLACEHOLDER_MAX_BYTES = 1_000_000;

/** The path of the Bun executable that `npm ci` brought in. Throws with what to do when there is none. */
export function bunPath() {
  const modules = join(ROOT, "node_modules");
  const installed = join(modules, "bun", "bin", "bun.exe");
  if (existsSync(installed) && statSync(installed).size > PLACEHOLDER_MAX_BYTES) return installed;
  const oven = join(modules, "@oven");
  const wanted = `bun-${process.platform === "win32" ? "windows" : process.platform}-${process.arch === "arm64" ? "aarch64" : process.arch}`;
  const musl = process.platform === "linux" && !process.report.getReport().header.glibcVersionRuntime;
  const names = existsSync(oven) ? readdirSync(oven) : [];
  for (const name of [musl ? `${wanted}-musl` : wanted, wanted]) {
    if (!names.includes(name)) continue;
    const file = join(oven, name, "bin", process.platform === "win32" ? "bun.exe" : "bun");
    if (existsSync(file)) return file;
  }
  throw new Error(`no Bun for ${wanted} in node_modules: run \`npm ci\` first`);
}

/** Runs Bun to its end, passing signals on. Resolves to its exit code. */
export function runBun(args, options = {}) {
  const child = spawn(bunPath(), args, { stdio: "inherit", cwd: ROOT, ...options });
  const pass = (signal) => child.kill(signal);
  process.on("SIGINT", pass);
  process.on("SIGTERM", pass);
  return new Promise((resolve) => {
    child.on("exit", (code, signal) => {
      process.off("SIGINT", pass);
      process.off("SIGTERM", pass);
      resolve(code ?? (signal ? 1 : 0));
    });
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exit(await runBun(process.argv.slice(2), { cwd: process.cwd() }));
}
