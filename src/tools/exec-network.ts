/**
 * The way out of one boxed command: a broker that serves the listener of the command's own network, for as
 * long as the command runs. Nothing else can reach that listener, and the command can reach nothing else.
 */
import { Broker, BROKER_LIMITS } from "#broker/broker.ts";
import type { EdgeCredential } from "#broker/rule.ts";
import { adoptListener } from "#broker/wires.ts";
import { originText } from "#contracts/origin.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { CredentialUse } from "#contracts/tool-credential.ts";
import { rulesOf } from "./network-wish.ts";
import type { Performance, ToolContext } from "./tool.ts";
import { unknown } from "./tool-credential.ts";

export interface WayOut extends Disposable {
  /** Serves the command's listener; it becomes this one's to close. */
  open(descriptor: number): void;
}

/** The hosts of a command, in their one form, and what is added to requests to them. */
export interface NetworkUse {
  readonly network: readonly string[];
  readonly credentials: readonly CredentialUse[];
}

/** The credentials of `names`, each for a host of `network`. The failure is a sentence for the model. */
export function credentialUses(
  names: readonly string[],
  network: readonly string[],
  { credentials }: Pick<ToolContext, "credentials">,
): Result<readonly CredentialUse[], string> {
  const uses: CredentialUse[] = [];
  for (const name of [...new Set(names)].sort()) {
    const found = credentials.get(name);
    if (found === undefined) return err(unknown(credentials));
    const origin = originText(found.origin);
    if (!network.includes(origin))
      return err(`the credential \`${name}\` is for ${origin}, which \`network\` lacks`);
    if (uses.some((use) => use.origin === origin)) return err(`two credentials are for ${origin}`);
    uses.push({ name, origin });
  }
  return ok(uses);
}

/** A way out to the hosts of `use`. Disposing ends every connection. */
export function wayOut(
  use: NetworkUse,
  context: Pick<ToolContext, "clock" | "resolve" | "dial" | "privateHosts" | "credentials">,
  { onEgress }: Pick<Performance, "onEgress">,
): WayOut {
  const { clock, resolve, dial, privateHosts } = context;
  const credentialAt = (origin: string): EdgeCredential | undefined => {
    const name = use.credentials.find((added) => added.origin === origin)?.name;
    return name === undefined ? undefined : context.credentials.get(name)?.edge;
  };
  const broker = new Broker({
    rules: rulesOf(use.network, privateHosts, credentialAt),
    token: "",
    clock,
    resolve,
    dial,
    onVerdict: onEgress,
    limits: BROKER_LIMITS,
  });
  const doors = new DisposableStack();
  doors.use(broker);
  return {
    open: (descriptor) => void doors.use(adoptListener(descriptor, (socket) => void broker.serve(socket))),
    [Symbol.dispose]: () => doors.dispose(),
  };
}
