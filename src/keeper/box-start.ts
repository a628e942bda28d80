/**
 * Starts the box role beside the gateway (docs/ARCHITECTURE.md, confinement). It cannot be the gateway's child: what a
 * process under Landlock starts is under Landlock, and there nobody mounts. It is handed nothing but the data folder's
 * path, and ends when the gateway, which has the other end of its link, is gone.
 */
import { closeSync } from "node:fs";
import { SYSTEM_PATH } from "#host/env.ts";
import type { Self } from "#host/self.ts";
import { socketPair } from "#host/socket-pair.ts";
import { spawnChild } from "#host/spawn.ts";

/** The gateway's end of a link to a box role. */
export interface BoxLink extends Disposable {
  /** To be inherited by the gateway; disposing closes it here. */
  readonly gatewayFd: number;
}

/** Starts one. `undefined` where it could not be: then the gateway has no box and says so. */
export function startBox(dataRoot: string, self: Self): BoxLink | undefined {
  const pair = socketPair();
  if (pair === undefined) return undefined;
  const [gatewayFd, boxFd] = pair;
  const started = spawnChild({
    argv: [...self.command, "box"],
    env: { PATH: SYSTEM_PATH, LANG: "C.UTF-8", WIRKEN_DATA_DIR: dataRoot },
    cwd: "/",
    stderr: "inherit",
    extraFds: [boxFd],
  });
  closeSync(boxFd);
  if (started.ok) return { gatewayFd, [Symbol.dispose]: () => closeSync(gatewayFd) };
  closeSync(gatewayFd);
  return undefined;
}
