/** The digest of a launch plan: what an approval is bound to. */
import type { LaunchPlan } from "./plan.ts";

/** Lower-case hex SHA-256 of the plan as the stub is told it. */
export function planDigest(plan: LaunchPlan): string {
  return new Bun.CryptoHasher("sha256").update(JSON.stringify(plan)).digest("hex");
}
