/** The canaries of a lab: what is put in, and the program's own keys, read out of its vault with the passphrase. */
import { join } from "node:path";
import { SecretString } from "#contracts/secret.ts";
import { systemClock } from "#runtime/clock.ts";
import { systemRandom } from "#runtime/random.ts";
import type { Keychain } from "#vault/keychain.ts";
import { Vault } from "#vault/vault.ts";
import { FAKE_TOKEN } from "../support/telegram-fake/bot-api.ts";
import { type Needle, needlesOf } from "./needles.ts";

export const PASSPHRASE = "canary: ärger & 8Fq2!/passphrase";
export const PROVIDER_KEY = "sk-canary/Zx81+q0Lw==~provider";
/** No secret: a word that is said in a chat, so that the search for it shows that frames are seen. */
export const SAID_WORD = "canary-word-that-somebody-says/4Tz+";
export const FILE_WORD = "canary-word-of-a-file-that-nobody-reads/7Kd+";

const encoder = new TextEncoder();

/** What the test puts in itself. */
export function placedCanaries(): readonly Needle[] {
  return [
    ...needlesOf("provider key", encoder.encode(PROVIDER_KEY)),
    ...needlesOf("telegram token", encoder.encode(FAKE_TOKEN)),
    ...needlesOf("passphrase", encoder.encode(PASSPHRASE)),
    ...needlesOf("file", encoder.encode(FILE_WORD)),
  ];
}

/** The signing and handshake seeds of the lab's vault. */
export async function vaultCanaries(dataFolder: string): Promise<readonly Needle[]> {
  const options = { path: join(dataFolder, "vault", "vault.db"), clock: systemClock, random: systemRandom };
  const opened = await Vault.open(options, {
    keychain: NO_KEYCHAIN,
    passphrase: async () => SecretString.take(encoder.encode(PASSPHRASE)),
  });
  if (!opened.ok) throw new Error(opened.error.message);
  using vault = opened.value;
  const list = vault.list();
  if (!list.ok) throw new Error(list.error.message);
  return list.value
    .filter(({ kind, name }) => kind === "seed" && name !== "log-begun")
    .flatMap(({ scope, name }) => {
      const needles = vault.use(scope, name, (secret) =>
        secret.use((bytes) => needlesOf(`seed ${scope}/${name}`, bytes)),
      );
      if (!needles.ok) throw new Error(needles.error.message);
      return needles.value;
    });
}

const unavailable = (): never => {
  throw new Error("a vault under a passphrase asked the keychain");
};
const NO_KEYCHAIN: Keychain = { get: unavailable, set: unavailable, delete: unavailable };
