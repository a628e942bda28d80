/** Signature checks of the record's strict verdict per second, against bare node:crypto over the same signatures. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { auditCrypto } from "#audit/node-crypto.ts";
import { systemRandom } from "#runtime/random.ts";
import { type BenchOptions, type Figure, compare, perSecond } from "./figure.ts";

const CHECKS = 3_000;
/** About the length of a chain head's message. */
const MESSAGE_BYTES = 220;
const SPKI_PREFIX_BYTES = 12;

/** Checks distinct messages under one key, as a log's heads and checkpoints are. */
export async function signatureCheck(options: BenchOptions): Promise<readonly Figure[]> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const signer = createPrivateKey(privateKey.export({ format: "pem", type: "pkcs8" }));
  const der = publicKey.export({ format: "der", type: "spki" });
  const raw = new Uint8Array(der.subarray(SPKI_PREFIX_BYTES));
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  const count = Math.ceil(CHECKS * options.scale);
  const signed = Array.from({ length: count }, () => {
    const message = systemRandom.bytes(MESSAGE_BYTES);
    return { message, signature: new Uint8Array(sign(null, message, signer)) };
  });
  const crypto = auditCrypto();
  const all = (check: (message: Uint8Array, signature: Uint8Array) => boolean) => (): void => {
    for (const { message, signature } of signed) {
      if (!check(message, signature)) throw new Error("a good signature was refused");
    }
  };
  const compared = await compare(
    options.rounds,
    () =>
      perSecond(
        count,
        all((message, signature) => crypto.verify(raw, message, signature)),
      ),
    () =>
      perSecond(
        count,
        all((message, signature) => verify(null, message, key, signature)),
      ),
  );
  return [
    {
      name: "audit.signature_check",
      unit: "checks/s",
      ...compared,
      aim: { of: "ratio", bound: "at_least", at: 0.8 },
    },
  ];
}
