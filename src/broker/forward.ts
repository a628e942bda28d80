/**
 * One request sent on as it was judged (RFC 9110 section 7.6): the head is written anew from the parsed
 * parts, the body is exactly as long as it said, and the connection ends with the answer, so that no second
 * request can hide behind the first.
 */
import type { Duplex } from "node:stream";
import { answerWithout } from "./answer.ts";
import { type Bytes, pass } from "./incoming.ts";
import type { RequestHead } from "./request-head.ts";
import type { EgressRequest, EgressRule } from "./rule.ts";

export interface ForwardEnds {
  readonly client: Duplex;
  readonly server: Duplex;
  readonly head: RequestHead;
  readonly request: Extract<EgressRequest, { kind: "forward" }>;
  readonly rule: EgressRule;
  /** What the client had sent behind the head. */
  readonly rest: Uint8Array;
  readonly bytes: Bytes;
}

/** Sends the request and passes the answer back. */
export function forward(ends: ForwardEnds): void {
  const { client, server, head, rest, bytes } = ends;
  const stop = (): void => {
    client.destroy();
    server.destroy();
  };
  const first = headBytes(ends);
  if (!bytes.out(first.length)) {
    stop();
    return;
  }
  server.write(first);
  if (head.expects && rest.length === 0) client.write("HTTP/1.1 100 Continue\r\n\r\n");
  let missing = head.bodyBytes;
  let cancel = bytes.idle(stop);
  const send = (chunk: Uint8Array): void => {
    cancel();
    const part = chunk.subarray(0, missing); // what comes behind the body is nobody's
    missing -= part.length;
    if (!bytes.out(part.length)) {
      stop();
      return;
    }
    if (missing > 0) cancel = bytes.idle(stop);
    if (part.length === 0 || server.write(part)) return;
    client.pause();
    server.once("drain", () => client.resume());
  };
  client.on("data", send);
  client.once("close", () => cancel());
  send(rest);
  client.resume();
  const { credential } = ends.rule;
  pass(server, client, bytes.in, bytes, credential === undefined ? undefined : answerWithout(credential));
}

function headBytes({ head, request, rule }: ForwardEnds): Buffer {
  const { credential } = rule;
  // A packed answer could not be searched for the secret.
  const dropped = credential === undefined ? [] : [credential.header, "accept-encoding"];
  const kept = head.headers.filter(([name]) => !dropped.includes(name));
  const usual = rule.scheme === "https" ? 443 : 80;
  const host = request.host.includes(":") ? `[${request.host}]` : request.host;
  const lines = [
    `${request.method} ${request.path} HTTP/1.1`,
    `host: ${host}${rule.port === usual ? "" : `:${rule.port}`}`,
    ...kept.map(([name, value]) => `${name}: ${value}`),
    ...(head.bodyBytes > 0 || WITH_BODY.has(request.method) ? [`content-length: ${head.bodyBytes}`] : []),
    ...(credential === undefined ? [] : ["accept-encoding: identity"]),
    "connection: close",
  ];
  const secret =
    credential === undefined
      ? []
      : credential.secret.use((text) => [`${credential.header}: ${credential.prefix}${text}`]);
  return Buffer.from([...lines, ...secret, "", ""].join("\r\n"), "latin1");
}

const WITH_BODY: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);
