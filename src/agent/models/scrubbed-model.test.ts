import { afterAll, describe, expect, test } from "bun:test";
import { Scrubber } from "#contracts/scrubber.ts";
import { SecretString } from "#contracts/secret.ts";
import { collect } from "../collect.ts";
import { type Model, type ModelEvent, llmError } from "./model.ts";
import { scrubbedModel } from "./scrubbed-model.ts";

const KEY = "sk-canary/1234567890==";
const scrubber = new Scrubber([
  { name: "provider:openai", secret: SecretString.take(new TextEncoder().encode(KEY)) },
]);
afterAll(() => scrubber[Symbol.dispose]());
const DONE: ModelEvent = { type: "done", stop: "end", usage: { inputTokens: 0, outputTokens: 0 } };

/** A model that answers with what it is given. */
function modelOf(events: readonly ModelEvent[]): Model {
  return {
    provider: "openai",
    model: "m",
    where: "x",
    contextTokens: 1,
    answerTokens: 1,
    estimateTokens: () => 1,
    prepare: () => ({ body: new Uint8Array(0), mapper: "" }),
    stream: async function* () {
      yield* events;
    },
  };
}

async function answerTo(events: readonly ModelEvent[], signal = new AbortController().signal) {
  const told: (readonly [string, number])[] = [];
  const shown: string[] = [];
  const model = scrubbedModel(modelOf(events), scrubber, async (found) => void told.push(...found));
  const stream = model.stream(model.prepare({ system: "", messages: [], tools: [] }), signal);
  const collected = await collect(
    stream,
    (event) => event.type === "text_delta" && void shown.push(event.text),
    signal,
  );
  return { ...collected, told, shown: shown.join("") };
}
const text = (piece: string): ModelEvent => ({ type: "text", text: piece });

describe("scrubbedModel", () => {
  test("takes the key out of an answer, cut into two at every unit, shown and kept", async () => {
    for (let cut = 0; cut <= KEY.length; cut++) {
      const pieces = [text(`Yours is ${KEY.slice(0, cut)}`), text(`${KEY.slice(cut)}. Keep it.`)];
      const answer = await answerTo([...pieces, DONE]);
      expect(answer.text).toBe("Yours is [secret]. Keep it.");
      expect(answer.shown).toBe(answer.text);
      expect(answer.told).toEqual([["provider:openai", 1]]);
      expect(answer.stop).toBe("end");
    }
  });

  test("takes it out when a call stands between its halves", async () => {
    const call: ModelEvent = { type: "call", providerId: "c", name: "exec", args: "{}" };
    const answer = await answerTo([text(KEY.slice(0, 9)), call, text(KEY.slice(9)), DONE]);
    expect(answer.text).toBe("[secret]");
    expect(answer.calls).toHaveLength(1);
  });

  test("takes it out of a call: id, name, arguments, also behind escapes", async () => {
    const args = JSON.stringify({ url: `https://x.test/${KEY}`, headers: { [KEY]: btoa(KEY) } });
    const escaped = args.replaceAll("/", "\\u002f");
    for (const sent of [args, escaped]) {
      const answer = await answerTo([{ type: "call", providerId: KEY, name: KEY, args: sent }, DONE]);
      expect(answer.calls[0]?.providerId).toBe("[secret]");
      expect(answer.calls[0]?.name).toBe("[secret]");
      const read: { readonly url: string; readonly headers: object } = JSON.parse(
        answer.calls[0]?.args ?? "",
      );
      expect(read.url).toBe("https://x.test/[secret]");
      expect(Object.entries(read.headers)[0]?.[0]).toBe("[secret]");
      expect(String(Object.entries(read.headers)[0]?.[1])).toStartWith("[secret]");
      expect(answer.told).toEqual([["provider:openai", 5]]);
    }
  });

  test("takes it out of a failure, and keeps the words that came before it", async () => {
    const failure: ModelEvent = { type: "error", error: llmError("server", `broke off: ${KEY}`) };
    const answer = await answerTo([text("So far sk-can"), failure]);
    expect(answer.error?.message).toBe("broke off: [secret]");
    expect(answer.text).toBe("So far sk-can");
  });

  test("tells of it when the reader stops in the middle", async () => {
    const stop = new AbortController();
    const events = [text(`${KEY} and`), text(" more")];
    const told: string[] = [];
    const model = scrubbedModel(modelOf(events), scrubber, async (found) => void told.push(...found.keys()));
    for await (const event of model.stream({ body: new Uint8Array(0), mapper: "" }, stop.signal)) {
      expect(event).toEqual(text("[secret] and"));
      break;
    }
    expect(told).toEqual(["provider:openai"]);
  });

  test("says nothing where there was nothing", async () => {
    const answer = await answerTo([text("plain"), DONE]);
    expect(answer).toMatchObject({ text: "plain", told: [], stop: "end" });
  });
});
