/** An error beside any request as the program's own log says it: our faults in their words, of the rest the name. */
import { FaultError } from "#contracts/fault.ts";
import type { Log } from "#runtime/log.ts";

/** A listener that logs each error. A foreign error's text may quote what it worked on, so it stays out. */
export function errorLine(log: Log): (error: unknown) => void {
  return (error) => {
    if (error instanceof FaultError) log.warn("gateway.error", { message: error.fault.message });
    else log.warn("gateway.error", { name: error instanceof Error ? error.name : typeof error });
  };
}
