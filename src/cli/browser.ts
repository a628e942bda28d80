/** Opens a link in the person's browser where there is one. A failure is silent: the link is printed as well. */
import type { Environment } from "#host/env.ts";
import { SYSTEM_PATH } from "#host/env.ts";
import { spawnChild } from "#host/spawn.ts";

/** Starts the system's opener with the link. The link is a one-time token, void in ten minutes or after one use. */
export function openBrowser(environment: Environment, link: string): boolean {
  if (!environment.terminal.display) return false;
  const opener = process.platform === "darwin" ? "/usr/bin/open" : "/usr/bin/xdg-open";
  const env: Record<string, string> = { PATH: SYSTEM_PATH };
  if (environment.home !== undefined) env["HOME"] = environment.home;
  const screen = {
    DISPLAY: environment.terminal.x11Display,
    WAYLAND_DISPLAY: environment.terminal.waylandDisplay,
    XDG_RUNTIME_DIR: environment.terminal.runtimeDir,
    DBUS_SESSION_BUS_ADDRESS: environment.terminal.dbusAddress,
  };
  for (const [name, value] of Object.entries(screen)) if (value !== undefined) env[name] = value;
  return spawnChild({ argv: [opener, link], env, cwd: "/" }).ok;
}
