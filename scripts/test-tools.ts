/**
 * What the tests need beyond Node and npm: Debian packages, installed where this user may. Tests whose tool is missing
 * skip and name the tool, so a machine without them still has a green and honest run.
 */
import { existsSync } from "node:fs";

const TOOLS = [
  { file: "/usr/bin/capnp", pkg: "capnproto" },
  { file: "/usr/bin/chromium", pkg: "chromium" },
  { file: "/usr/bin/gnome-keyring-daemon", pkg: "gnome-keyring" },
  { file: "/usr/bin/dbus-run-session", pkg: "dbus" },
  { file: "/usr/bin/secret-tool", pkg: "libsecret-tools" },
  { file: "/usr/bin/python3", pkg: "python3" },
] as const;

/** Installs missing tools in CI (`CI` set, root, apt-get at hand); elsewhere only says what is missing. */
export function installTestTools(): void {
  const missing = TOOLS.filter((tool) => !existsSync(tool.file)).map((tool) => tool.pkg);
  if (missing.length === 0) return;
  const mayInstall =
    process.env["CI"] !== undefined && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
  if (!mayInstall) {
    console.log(`not installed, their tests skip: ${missing.join(", ")}`);
    return;
  }
  const options = {
    stdout: "ignore",
    stderr: "inherit",
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  } as const;
  Bun.spawnSync(["apt-get", "update"], options);
  const done = Bun.spawnSync(["apt-get", "install", "-y", "--no-install-recommends", ...missing], options);
  if (done.exitCode !== 0) console.log(`could not install ${missing.join(", ")}: their tests skip`);
}
