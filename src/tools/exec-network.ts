/**
 * The way out of one boxed command: a broker that serves the listener of the command's own network, for as
 * long as the command runs. Nothing else can reach that listener, and the command can reach nothing else.
 */
import { Broker, BROKER_LIMITS } from "#broker/broker.ts";
import { adoptListener } from "#broker/wires.ts";
import { rulesOf } from "./network-wish.ts";
import type { Performance, ToolContext } from "./tool.ts";

export interface WayOut extends Disposable {
  /** Serves the command's listener; it becomes this one's to close. */
  open(descriptor: number): void;
}

/** A way out to the hosts of `wish`. Disposing ends every connection. */
export function wayOut(
  wish: readonly string[],
  context: Pick<ToolContext, "clock" | "resolve" | "dial" | "privateHosts">,
  { onEgress }: Pick<Performance, "onEgress">,
): WayOut {
  const { clock, resolve, dial, privateHosts } = context;
  const broker = new Broker({
    rules: rulesOf(wish, privateHosts),
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
