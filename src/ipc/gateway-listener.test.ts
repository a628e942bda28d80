/** The gateway's socket: where it may lie, who is turned away, what is left of a dead one. */
import { dlopen, ptr } from "bun:ffi";
import { afterEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LIMITS } from "#contracts/limits.ts";
import { err } from "#contracts/result.ts";
import { decodeFrame } from "./frame-codec.ts";
import { listenGateway } from "./gateway-listener.ts";
import { listenTo } from "./lab.case.ts";
import { Cleanup, privateFolder, socketLab, until } from "./socket-lab.case.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** A client that reads and never answers; what it got, and whether it was closed. */
async function mute(path: string) {
  const seen = { bytes: Buffer.alloc(0), closed: false };
  const socket = await Bun.connect({
    unix: path,
    socket: {
      data: (_, bytes) => {
        seen.bytes = Buffer.concat([seen.bytes, bytes]);
      },
      close: () => {
        seen.closed = true;
      },
    },
  });
  cleanup.add(() => socket.terminate());
  return { seen, socket };
}

describe("listenGateway", () => {
  test("refuses a second connection of a live peer, and takes one after the first has ended", async () => {
    const { dial, refusals, peers, gateway } = await socketLab(cleanup);
    const first = await dial();
    if (!first.ok) throw new Error(first.error.message);
    expect(await dial()).toMatchObject(err({ code: "refused", reason: "already_connected" }));
    expect(refusals).toEqual([{ reason: "already_connected", peerId: "telegram" }]);
    expect(gateway.peers.size).toBe(1);
    first.value.close();
    await until(() => gateway.peers.size === 0);
    expect((await dial()).ok).toBe(true);
    expect(peers.length).toBe(2);
  });

  test("turns away the connection after the 16th open handshake", async () => {
    const { path, refusals, dial } = await socketLab(cleanup);
    const waiting: Awaited<ReturnType<typeof mute>>[] = [];
    for (let count = 0; count < LIMITS.unauthenticated_max; count += 1) waiting.push(await mute(path));
    await until(() => waiting.every(({ seen }) => seen.bytes.byteLength > 0));
    const last = await mute(path);
    await until(() => last.seen.closed);
    const frame = decodeFrame(new Uint8Array(last.seen.bytes.subarray(4)));
    expect(frame.ok && frame.value.kind === "result" && String(frame.value.result.reason)).toBe("busy");
    expect(refusals).toEqual([{ reason: "busy", peerId: undefined }]);
    waiting[0]?.socket.end();
    await until(() => refusals.length === 2);
    expect((await dial()).ok).toBe(true);
  });

  test("closes a refused socket though its client keeps it open", async () => {
    const { path, refusals } = await socketLab(cleanup);
    const { seen, socket } = await mute(path);
    socket.write(new Uint8Array([0xff, 0xff, 0xff, 0xff]));
    await until(() => seen.closed);
    expect(refusals).toEqual([{ reason: "malformed", peerId: undefined }]);
  });

  test("asks the kernel who connects, where the host can", async () => {
    const asked: number[] = [];
    const { dial, refusals, peers } = await socketLab(cleanup, {
      peerCredentials: (fd) => {
        asked.push(fd);
        return { pid: 7, uid: asked.length === 1 ? 1 : 2, gid: 1 };
      },
      admits: ({ uid }) => uid === 2,
    });
    expect(await dial()).toMatchObject(err({ reason: "wrong_process" }));
    expect(refusals).toEqual([{ reason: "wrong_process", peerId: undefined }]);
    expect((await dial()).ok).toBe(true);
    await until(() => peers.length === 1);
    expect(peers[0]?.credentials).toEqual({ pid: 7, uid: 2, gid: 1 });
    expect(asked.every((fd) => fd > 2)).toBe(true);
  });

  test("turns away a socket that the kernel knows nothing of", async () => {
    const { dial } = await socketLab(cleanup, { peerCredentials: () => undefined });
    expect(await dial()).toMatchObject(err({ reason: "wrong_process" }));
  });

  test("refuses a path over 107 bytes, and takes one of 107", async () => {
    const { options } = await socketLab(cleanup);
    const folder = privateFolder(cleanup);
    const fitting = join(folder, "s".repeat(107 - folder.length - 1));
    expect(await listenGateway({ ...options, path: `${fitting}s` })).toMatchObject(
      err({ code: "config", reason: "socket_path_length" }),
    );
    const listening = await listenGateway({ ...options, path: fitting });
    expect(listening.ok).toBe(true);
    if (listening.ok) listening.value.stop();
    expect(existsSync(fitting)).toBe(false);
  });

  test("refuses a folder that others may enter, a live socket, a file, a link", async () => {
    const { options, path } = await socketLab(cleanup);
    const listen = (where: string) => listenGateway({ ...options, path: where });
    const folder = privateFolder(cleanup);
    expect(await listen(path)).toMatchObject(err({ code: "unavailable", reason: "socket_in_use" }));
    writeFileSync(join(folder, "file"), "precious");
    expect(await listen(join(folder, "file"))).toMatchObject(err({ reason: "socket_path_taken" }));
    expect(await Bun.file(join(folder, "file")).text()).toBe("precious");
    symlinkSync(path, join(folder, "link"));
    expect(await listen(join(folder, "link"))).toMatchObject(err({ reason: "socket_path_taken" }));
    expect(await listen(join(folder, "none", "s"))).toMatchObject(err({ reason: "socket_folder" }));
    chmodSync(folder, 0o750);
    expect(await listen(join(folder, "s"))).toMatchObject(
      err({ code: "config", reason: "socket_folder_mode" }),
    );
  });

  test("takes the place of a gateway that was killed", async () => {
    const { options } = await socketLab(cleanup);
    const path = join(privateFolder(cleanup), "dead.sock");
    const run = Bun.spawn(
      [
        process.execPath,
        "-e",
        `Bun.listen({ unix: ${JSON.stringify(path)}, socket: { data() {} } }); console.log("up")`,
      ],
      { stdout: "pipe", stderr: "ignore" },
    );
    await run.stdout.getReader().read();
    run.kill("SIGKILL");
    await run.exited;
    expect(existsSync(path)).toBe(true);
    const listening = await listenGateway({ ...options, path });
    expect(listening.ok).toBe(true);
    if (listening.ok) listening.value.stop();
  });

  test.skipIf(process.platform !== "linux")("adopts one end of a socketpair (needs Linux)", async () => {
    const { gateway, dial, peers } = await socketLab(cleanup);
    const libc = dlopen("libc.so.6", {
      socketpair: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
    });
    const ends = new Int32Array(2);
    expect(libc.symbols.socketpair(1, 1, 0, ptr(ends))).toBe(0);
    const [ours = -1, theirs = -1] = ends;
    const dialled = dial({ to: { fd: theirs } });
    expect((await gateway.adopt(ours)).ok).toBe(true);
    const connection = await dialled;
    if (!connection.ok) throw new Error(connection.error.message);
    await until(() => peers.length === 1);
    const [peer] = peers;
    if (peer === undefined) throw new Error("no peer");
    const heard = listenTo(peer.connection);
    connection.value.send({ kind: "adapterState", state: "ready", detail: "" });
    await until(() => heard.payloads.length === 1);
  });

  test("ends every connection when it stops, and removes its file", async () => {
    const { gateway, dial, path } = await socketLab(cleanup);
    const dialled = await dial();
    if (!dialled.ok) throw new Error(dialled.error.message);
    const heard = listenTo(dialled.value);
    gateway.stop();
    await until(() => heard.closed.length === 1);
    expect(heard.closed).toEqual(["closed_there"]);
    expect(existsSync(path)).toBe(false);
    expect(await dial()).toMatchObject(err({ code: "unavailable", reason: "socket_connect" }));
  });
});
