/** The shape of most verbs: connect, call one method, show its result. */
import type { ControlMethod, ControlParams } from "#contracts/control.ts";
import type { ControlResults } from "#contracts/control-results.ts";
import type { Fault } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { Context } from "./context.ts";

/** Calls `method` on the running program and prints what came back. */
export async function callAndShow<M extends ControlMethod>(
  context: Context,
  method: M,
  params: ControlParams<M>,
  text: (result: ControlResults[M]) => readonly string[],
): Promise<Result<number, Fault>> {
  const client = await context.connect();
  if (!client.ok) return client;
  using connection = client.value;
  const answer = await connection.call(method, params);
  if (!answer.ok) return answer;
  context.out.data(answer.value, () => text(answer.value));
  return ok(0);
}
