/** Tells the running program that a credential changed: it writes the row and restarts the role that uses it. */
import type { ControlParams } from "#contracts/control.ts";
import type { Vault } from "#vault/vault.ts";
import { awaitRestart, rolesNow } from "./await-restart.ts";
import type { Context } from "./context.ts";

/**
 * Says what happened, also when nothing runs. Resolves when the role that uses the credential runs again.
 * `newVault`: where the key of a vault is kept that was made for this credential.
 */
export async function announceCredential(
  context: Context,
  change: ControlParams<"credential_changed">,
  newVault: Vault["keptIn"] | undefined,
): Promise<void> {
  const client = await context.connect();
  if (!client.ok) {
    context.out.say("wirken is not running; the change holds from its next start");
    return;
  }
  using connection = client.value;
  const before = await rolesNow(connection);
  const told = await connection.call("credential_changed", change);
  if (!told.ok) {
    context.out.fault(told.error);
    return;
  }
  await awaitRestart(context, before, told.value.restarted);
  if (newVault === "keychain")
    context.out.say(
      "this is the first secret: start `wirken run` again once, so that the record's keys are kept from then on",
    );
  if (newVault === "passphrase")
    context.out.say(
      "the running program does not know the new passphrase: stop it and start `wirken run` again, which asks for it " +
        "or takes it from WIRKEN_VAULT_PASSPHRASE; the secret is used from then on",
    );
}
