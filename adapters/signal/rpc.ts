/**
 * signal-cli's HTTP interface (`signal-cli daemon --http`): JSON-RPC at `/api/v1/rpc`, received messages as server-sent
 * events at `/api/v1/events`. Every call names the account, because one daemon may serve several.
 */
import { type Json, isJsonObject } from "#contracts/json.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { type JsonCallPorts, jsonCall, noAnswerOf } from "#kit/json-call.ts";
import { base64Member } from "./base64-member.ts";
import { type RpcFailure, failureOfError, failureOfStatus } from "./failure.ts";

/** signal-cli answers a send when Signal's servers did. */
const CALL_MS_MAX = 60_000;
const FILE_MS_MAX = 120_000;

type Params = { readonly [name: string]: Json };

export interface SignalRpc {
  /** Calls a method for the account. `once`: a person would see a repetition. */
  call(method: string, params: Params, once?: boolean): Promise<Result<unknown, RpcFailure>>;
  /** Opens the stream of received messages, from after `lastId` where signal-cli keeps some. */
  events(lastId: string, signal: AbortSignal): Promise<Result<ReadableStream<Uint8Array>, RpcFailure>>;
  /** Opens a received file; `undefined` when it cannot be had. */
  file(id: string, from: Params): Promise<ReadableStream<Uint8Array> | undefined>;
}

export interface RpcPorts extends JsonCallPorts {
  /** The account's number. */
  readonly account: string;
  /** Without a slash at its end. */
  readonly root: string;
  /** Ends downloads; a send that has begun is never cut off. */
  readonly signal: AbortSignal;
}

/** Builds the client. */
export function signalRpc(ports: RpcPorts): SignalRpc {
  const { account, root, fetch, clock, signal } = ports;
  const url = `${root}/api/v1/rpc`;
  const request = (method: string, params: Params): Json => ({
    jsonrpc: "2.0",
    id: "1",
    method,
    params: { account, ...params },
  });
  return {
    call: async (method, params, once = false) => {
      const body = request(method, params);
      const answer = await jsonCall(ports, {
        method: "POST",
        url,
        headers: {},
        body,
        msMax: CALL_MS_MAX,
        once,
      });
      if (!answer.ok) return err({ kind: answer.error });
      const { status, value } = answer.value;
      if (status !== 200 || !isJsonObject(value)) return err(failureOfStatus(status));
      if (isJsonObject(value["error"])) return err(failureOfError(value["error"]));
      return "result" in value ? ok(value["result"]) : err({ kind: "unsure" });
    },
    events: async (lastId, ending) => {
      try {
        const answer = await fetch(`${root}/api/v1/events?account=${encodeURIComponent(account)}`, {
          headers: { accept: "text/event-stream", ...(lastId === "" ? {} : { "last-event-id": lastId }) },
          redirect: "error",
          signal: ending,
        });
        if (answer.ok && answer.body !== null) return ok(answer.body);
        await answer.body?.cancel();
        return err(answer.status === 400 ? { kind: "account" } : failureOfStatus(answer.status));
      } catch (error) {
        return err({ kind: noAnswerOf(error) });
      }
    },
    file: async (id, from) => {
      const late = new AbortController();
      clock.after(FILE_MS_MAX, () => late.abort());
      try {
        const answer = await fetch(url, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(request("getAttachment", { id, ...from })),
          redirect: "error",
          signal: AbortSignal.any([late.signal, signal]),
        });
        if (answer.ok && answer.body !== null) return base64Member(answer.body, "data");
        await answer.body?.cancel();
        return undefined;
      } catch {
        return undefined; // the error's text would hold the address
      }
    },
  };
}
