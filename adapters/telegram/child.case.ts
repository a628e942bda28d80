/** An adapter process for the SIGKILL test: real socket, real state folder, real HTTP; kills itself at a fail point. */
import { SecretBytes } from "#contracts/secret.ts";
import { PublicKey, SigningKey } from "#ipc/keys.ts";
import { connectPeer } from "#ipc/peer-connect.ts";
import { ipcLink } from "#kit/ipc-link.ts";
import { runAdapter } from "#kit/main.ts";
import { stateSeal } from "#runtime/state-seal.ts";
import { fileSpool, fileStateStore } from "#kit/state-store.ts";
import { systemClock } from "#runtime/clock.ts";
import { memoryLog } from "#runtime/log.ts";
import { systemRandom } from "#runtime/random.ts";
import { telegram } from "./main.ts";
import { telegramHandoff } from "./world.case.ts";

const [, , path = "", api = "", folder = "", seed = "", gateway = "", point = ""] = process.argv;
const key = SigningKey.fromSeed(SecretBytes.take(Uint8Array.fromHex(seed)));
const gatewayKey = PublicKey.parse(gateway);
if (!key.ok || !gatewayKey.ok) throw new Error("the test gave no keys");
const connection = await connectPeer({
  to: { path },
  role: "adapter",
  peerId: "telegram",
  key: key.value,
  gatewayKey: gatewayKey.value,
  clock: systemClock,
  random: systemRandom,
});
if (!connection.ok) throw new Error(connection.error.message);
const handoff = telegramHandoff({ "api-base": api });
const seal = stateSeal(handoff.stateKey, "channel/telegram", systemRandom);
await runAdapter({
  define: telegram,
  handoff,
  link: ipcLink(connection.value),
  clock: systemClock,
  random: systemRandom,
  log: memoryLog(),
  state: fileStateStore(folder, seal, systemRandom),
  spool: fileSpool(folder, systemRandom),
  failPoint: async (name) => {
    if (name !== point) return;
    process.kill(process.pid, "SIGKILL");
    await new Promise(() => undefined);
  },
});
