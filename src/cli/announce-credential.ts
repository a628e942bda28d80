/** Tells the running program that a credential changed: it writes the row and restarts the role that uses it. */
import type { ControlParams } from "#contracts/control.ts";
import type { Context } from "./context.ts";

/** Says what happened, also when nothing runs: the row is then written at the next start's comparison. */
export async function announceCredential(
  context: Context,
  change: ControlParams<"credential_changed">,
  vaultWasMade: boolean,
): Promise<void> {
  const client = await context.connect();
  if (!client.ok) {
    context.out.say("wirken is not running; the change holds from its next start");
    return;
  }
  using connection = client.value;
  const told = await connection.call("credential_changed", change);
  if (!told.ok) {
    context.out.fault(told.error);
    return;
  }
  const { restarted } = told.value;
  if (vaultWasMade)
    context.out.say(
      "this is the first secret: restart `wirken run` once, so that its keys are kept from now on",
    );
  else if (restarted.length > 0) context.out.say(`restarted: ${restarted.join(", ")}`);
}
