/** Maps the signer's methods and JSON bodies to `SignerCore`. */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import {
  type SignerMethod,
  isSignerMethod,
  parseAcceptRequest,
  parseCheckpointRequest,
  parseHeadRequest,
  parseKeyRequest,
  parseStateRequest,
  printNote,
  printSignedHead,
  printSignedKey,
  printSignerState,
} from "#chain/signer-protocol.ts";
import type { SignerCore } from "./signer-core.ts";

type Handler = (core: SignerCore, body: string) => Result<string, Fault>;

const HANDLERS = {
  sign_head: handler(parseHeadRequest, (core, request) => core.signHead(request), printSignedHead),
  sign_checkpoint: handler(
    parseCheckpointRequest,
    (core, request) => core.signCheckpoint(request),
    printNote,
  ),
  key_continuity: handler(parseKeyRequest, (core, request) => core.keyContinuity(request), printSignedKey),
  signer_state: handler(parseStateRequest, (core, request) => core.state(request), printSignerState),
  accept_state: handler(
    parseAcceptRequest,
    (core, request) => core.acceptState(request),
    () => "{}",
  ),
} as const satisfies Record<SignerMethod, Handler>;

/** Answers one request with the body of its response, or a fault. Never throws for what the gateway sent. */
export function answer(core: SignerCore, method: string, body: string): Result<string, Fault> {
  if (!isSignerMethod(method)) return fail("protocol", "the signer has no such method");
  return HANDLERS[method](core, body);
}

function handler<Request, Response>(
  parse: (body: string) => Result<Request, "body_malformed">,
  perform: (core: SignerCore, request: Request) => Result<Response, Fault>,
  print: (response: Response) => string,
): Handler {
  return (core, body) => {
    const request = parse(body);
    if (!request.ok) return fail("protocol", "the body of the request is malformed");
    const response = perform(core, request.value);
    return response.ok ? ok(print(response.value)) : response;
  };
}
