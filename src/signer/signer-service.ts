/** Maps the signer's methods and JSON bodies to `SignerCore`. The body of a refusal is its code, reason and hint. */
import type { Fault } from "#contracts/fault.ts";
import type { Result } from "#contracts/result.ts";
import {
  type SignerMethod,
  isSignerMethod,
  parseAcceptRequest,
  parseCheckpointRequest,
  parseHeadRequest,
  parseKeyRequest,
  parseStateRequest,
  printNote,
  printRefusal,
  printSignedHead,
  printSignedKey,
  printSignerState,
} from "#chain/signer-protocol.ts";
import type { SignerCore } from "./signer-core.ts";

export interface SignerAnswer {
  readonly ok: boolean;
  readonly body: string;
}

type Handler = (core: SignerCore, body: string) => SignerAnswer;

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

/** Answers one request. Never throws for what the gateway sent. */
export function answer(core: SignerCore, method: string, body: string): SignerAnswer {
  if (!isSignerMethod(method)) return refusal({ code: "protocol", message: "the signer has no such method" });
  return HANDLERS[method](core, body);
}

function handler<Request, Response>(
  parse: (body: string) => Result<Request, "body_malformed">,
  perform: (core: SignerCore, request: Request) => Result<Response, Fault>,
  print: (response: Response) => string,
): Handler {
  return (core, body) => {
    const request = parse(body);
    if (!request.ok) return refusal({ code: "protocol", message: "the body of the request is malformed" });
    const response = perform(core, request.value);
    return response.ok ? { ok: true, body: print(response.value) } : refusal(response.error);
  };
}

function refusal(fault: Fault): SignerAnswer {
  return { ok: false, body: printRefusal(fault) };
}
