/**
 * `wirken audit accept-state`, `accept-tail`: the operator's word that a log is to be continued although it does not
 * continue what was signed. It is put into the vault, which no role of the running program can write, and used once at
 * the next start; a row says so.
 */
import { auditCrypto } from "#audit/node-crypto.ts";
import { treeState } from "#audit/log-views.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { SecretBytes } from "#contracts/secret.ts";
import type { Leaf } from "../../command.ts";
import type { Context } from "../../context.ts";
import { openVault } from "../../vault-access.ts";

export const acceptState: Leaf = {
  description: "let the signer go on with the log as it is, after its memory was lost or is newer",
  args: { yes: { type: "boolean", description: "do not ask" } },
  json: true,
  run: (context, args) =>
    accept(
      context,
      "accept-state",
      args.flag("yes"),
      "The signer will take this log as its own past. Rows that were cut away are then gone unseen. Accept it?",
    ),
};

export const acceptTail: Leaf = {
  description: "let the program start although rows follow its last `stopped` row",
  args: { yes: { type: "boolean", description: "do not ask" } },
  json: true,
  run: (context, args) =>
    accept(
      context,
      "accept-tail",
      args.flag("yes"),
      "Rows after `stopped` were not written by an orderly run. They stay, marked as accepted. Accept them?",
    ),
};

async function accept(
  context: Context,
  name: "accept-state" | "accept-tail",
  yes: boolean,
  question: string,
): Promise<Result<number, Fault>> {
  const tree = treeState(context.paths.auditDb, auditCrypto());
  if (!tree.ok) return tree;
  const { size, root } = tree.value;
  context.out.say(
    size === 0
      ? "there is no log: the next start begins a new one"
      : `the log has ${size} rows, tree root ${root}`,
  );
  if (!yes && !(await context.terminal.confirm(question))) {
    return fail("refused", "nothing was accepted", { hint: "off a terminal, say it with --yes" });
  }
  const opened = await openVault(context);
  if (!opened.ok) return opened;
  using vault = opened.value;
  using value = SecretBytes.take(new TextEncoder().encode(`${size} ${root}`));
  const stored = vault.put({ scope: "sign", name, kind: "acceptance", value });
  if (!stored.ok) return stored;
  context.out.data({ size, root, accepted: true }, () => ["accepted; it is used once, at the next start"]);
  return ok(0);
}
