/** What `http_request` and `fetch_page` share: the action of a request, and one bounded exchange for it. */
import type { ActionOf } from "#contracts/action.ts";
import { judgedAddress } from "#broker/address.ts";
import { REFUSALS } from "#broker/rule.ts";
import { LIMITS } from "#contracts/limits.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { sha256Hex } from "./digest.ts";
import { type HttpTarget, urlOf } from "./http-target.ts";
import { failed } from "./outcome.ts";
import type { Performance, ToolContext, ToolOutcome } from "./tool.ts";

/** An answer whose body was read whole. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array;
  /** The body was longer than the bound and ends early. */
  readonly cut: boolean;
}

/** The fields of a `network_request` for a target and body. */
export function targetFields(
  method: string,
  target: HttpTarget,
  body: Uint8Array | undefined,
  typedByAsker: boolean,
): Omit<ActionOf<"network_request">, "call" | "tool" | "args" | "plan"> {
  const bytes = body ?? new Uint8Array(0);
  return {
    kind: "network_request",
    method,
    ...target,
    bodyBytes: bytes.length,
    bodySha256: sha256Hex(bytes),
    typedByAsker,
  };
}

/**
 * Sends what the action says and reads the answer, within time and size. A redirect is handed back, not followed.
 * The failure is an outcome for the model.
 */
export async function exchange(
  action: ActionOf<"network_request"> | ActionOf<"credential_use">,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array | undefined,
  context: ToolContext,
  performance: Performance,
): Promise<Result<Answer, ToolOutcome>> {
  const { scheme, host, port, path } = action;
  const timeout = new AbortController();
  const cancel = context.clock.after(LIMITS.http_ms_max, () => timeout.abort());
  const signal = AbortSignal.any([performance.signal, timeout.signal]);
  try {
    const privateAddress = context.privateHosts.includes(host);
    const address = await judgedAddress(host, { resolve: context.resolve, privateAddress, signal });
    const verdict = address.ok ? ("allow" as const) : ("refuse" as const);
    const reason = address.ok ? ("granted" as const) : address.error;
    const credential = action.kind === "credential_use" && address.ok ? action.name : "";
    await performance.onEgress({ verdict, reason, method: action.method, host, port, credential });
    if (!address.ok) {
      const { code, message } = NO_ADDRESS[address.error];
      return err(failed(code, message));
    }
    const target: HttpTarget = { scheme, host, port, path };
    const { method } = action;
    const response = await context.http({ method, target, address: address.value, headers, body, signal });
    const location = response.headers.get("location");
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      return err(redirected(response.status, location, target));
    }
    const read = await readBounded(response, LIMITS.http_body_bytes_max);
    const contentType = response.headers.get("content-type") ?? "";
    return ok({ status: response.status, contentType, ...read });
  } catch (error) {
    if (timeout.signal.aborted)
      return err(failed("timeout", `no answer within ${LIMITS.http_ms_max / 1_000} s`));
    if (performance.signal.aborted) return err(failed("stopped", "the request was stopped"));
    if (!(error instanceof Error)) throw error;
    const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
    return err(failed("network", `the request failed (${code.replace(/[^\w-]/g, "")})`));
  } finally {
    cancel();
  }
}

const NO_ADDRESS = {
  unresolved: { code: "network", message: REFUSALS.unresolved },
  private_address: { code: "private_address", message: REFUSALS.private_address },
} as const;

function redirected(status: number, location: string, from: HttpTarget): ToolOutcome {
  const to = URL.canParse(location, urlOf(from)) ? new URL(location, urlOf(from)).href : location;
  const output = `HTTP ${status}: the server points to ${to}\nIt was not followed; ask for that URL to go there.`;
  return failed("redirect", output, { redirect: to });
}

async function readBounded(
  response: Response,
  bytesMax: number,
): Promise<{ body: Uint8Array; cut: boolean }> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  if (reader === undefined) return { body: new Uint8Array(0), cut: false };
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { body: Buffer.concat(pieces), cut: false };
    const room = bytesMax - length;
    pieces.push(value.subarray(0, room));
    length += Math.min(value.length, room);
    if (value.length <= room) continue;
    await reader.cancel(); // also ends a body that unpacks to more than anyone wants
    return { body: Buffer.concat(pieces), cut: true };
  }
}

/** The body as text by its declared character set (UTF-8 without one); `undefined` for what is not text. */
export function bodyText(answer: Answer): string | undefined {
  const type = answer.contentType.toLowerCase();
  const charset = /charset="?([\w-]+)/.exec(type)?.[1] ?? "utf-8";
  const textual = type === "" || /^text\/|json|xml|javascript|urlencoded|yaml/.test(type);
  if (!textual || answer.body.includes(0)) return undefined;
  return decoderFor(charset).decode(answer.body);
}

function decoderFor(charset: string): { decode(bytes: Uint8Array): string } {
  try {
    const decoder = Reflect.construct(TextDecoder, [charset]);
    return { decode: (bytes) => String(decoder.decode(bytes)) };
  } catch {
    return new TextDecoder(); // a name nobody knows
  }
}
