// `npm start`: build the executable when it is missing or older than its sources, then `wirken run`.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runBun } from "./bun.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const BINARY = join(ROOT, "dist", process.platform === "win32" ? "wirken.exe" : "wirken");
const SOURCES = ["src", "adapters", "web", "skills", "build.ts", "package.json", "package-lock.json"];

function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

const sourcesAt = Math.max(
  ...SOURCES.map((name) => join(ROOT, name))
    .filter(existsSync)
    .map(newest),
);
if (!existsSync(BINARY) || statSync(BINARY).mtimeMs < sourcesAt) {
  console.error("building dist/wirken …");
  const code = await runBun(["run", "build.ts"]);
  if (code !== 0) process.exit(code);
}

const extra = process.argv.slice(2);
const child = spawn(BINARY, extra.length > 0 ? extra : ["run"], { stdio: "inherit" });
// The terminal sends Ctrl-C to the child as well; a TERM to this process is passed on.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (code) => process.exit(code ?? 1));
