/** `wirken vault`: where its key is kept, and a new one. */
import { existsSync } from "node:fs";
import { ok } from "#contracts/result.ts";
import { announceCredential } from "../../announce-credential.ts";
import type { Group, Leaf } from "../../command.ts";
import { nextKeyHome, openVault, terminalKeychain } from "../../vault-access.ts";

const status: Leaf = {
  description: "show whether there is a vault, where its key is kept and what it holds",
  args: {},
  json: true,
  run: async (context) => {
    if (!existsSync(context.paths.vaultDb)) {
      context.out.data({ vault: false }, () => [
        "there is no vault yet: the first stored credential makes it",
      ]);
      return ok(0);
    }
    const opened = await openVault(context);
    if (!opened.ok) return opened;
    using vault = opened.value;
    const entries = vault.list();
    if (!entries.ok) return entries;
    const view = {
      vault: true,
      keptIn: vault.keptIn,
      generation: vault.generation,
      entries: entries.value.length,
    };
    context.out.data(view, () => [
      `the vault opens; its key (generation ${String(view.generation)}) is ${
        view.keptIn === "keychain" ? "in the system's keychain" : "wrapped under a passphrase"
      }`,
      `${String(view.entries)} entries, every seal checked`,
    ]);
    return ok(0);
  },
};

const rotateKey: Leaf = {
  description: "replace the vault's key and seal everything anew",
  args: {},
  json: true,
  run: async (context) => {
    const opened = await openVault(context);
    if (!opened.ok) return opened;
    using vault = opened.value;
    const home = await nextKeyHome(context, vault);
    if (!home.ok) return home;
    const rotated = await vault.rotateKey(home.value, terminalKeychain(context));
    if (!rotated.ok) return rotated;
    const { generation } = vault;
    const change = { scope: "vault", name: "key", version: generation, change: "key_rotated" } as const;
    await announceCredential(context, change, undefined);
    context.out.data({ generation }, () => [`the vault's key is now generation ${String(generation)}`]);
    return ok(0);
  },
};

export const vault: Group = {
  description: "the sealed store of credentials",
  children: { status: () => Promise.resolve(status), "rotate-key": () => Promise.resolve(rotateKey) },
};
