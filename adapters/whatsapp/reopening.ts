/**
 * The 24-hour rule: a day after a person last wrote, only templates that Meta approved are taken. Where the operator
 * named one it asks the person to write again, at most once a day; what could not be sent is reported as failed with
 * `window_closed`, and stands in the record.
 */
import type { AdapterHost } from "#kit/adapter.ts";
import { readDocument, writeDocument } from "#kit/json-document.ts";
import type { CloudApi } from "./api.ts";

const DOCUMENT = "reopening";
const DAY_MS = 86_400_000;
const CHATS_MAX = 1_000;
/** `name:language`, as they stand in the WhatsApp Manager. */
const TEMPLATE = /^([a-z0-9_]{1,512}):([a-z]{2,3}(?:_[A-Z]{2})?)$/;

export interface Template {
  readonly name: string;
  readonly language: string;
}

export interface Reopening {
  /** Asks a person to write again, where a template is named and none was sent within a day. Never throws. */
  ask(to: string): Promise<void>;
}

/** Reads `name:language`; `undefined` for anything else. */
export function parseTemplate(text: string): Template | undefined {
  const [, name, language] = TEMPLATE.exec(text) ?? [];
  return name === undefined || language === undefined ? undefined : { name, language };
}

/** Builds it. Without a template nothing is sent. */
export function reopening(
  template: Template | undefined,
  api: CloudApi,
  { state, clock }: Pick<AdapterHost, "state" | "clock">,
): Reopening {
  let line: Promise<void> = Promise.resolve(); // one at a time: the document is read, changed and written
  const ask = async (to: string, { name, language }: Template): Promise<void> => {
    const kept = await readDocument(state, DOCUMENT, parseAsked);
    const asked = new Map(kept.ok ? kept.value : []);
    const now = clock.now();
    if (!kept.ok || now - (asked.get(to) ?? 0) < DAY_MS) return;
    for (const [chat, atMs] of asked) if (now - atMs >= DAY_MS) asked.delete(chat);
    if (asked.size >= CHATS_MAX) return;
    asked.set(to, now);
    // Written before it is sent: a crash must not make a person be asked twice.
    if (!(await writeDocument(state, DOCUMENT, [...asked])).ok) return;
    const content = { name, language: { policy: "deterministic", code: language } };
    await api.send({ to, type: "template", replyTo: "", content });
  };
  return {
    ask: (to) => {
      if (template === undefined) return Promise.resolve();
      line = line.then(() => ask(to, template));
      return line;
    },
  };
}

function parseAsked(value: unknown): readonly (readonly [string, number])[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.flatMap((pair: unknown) => {
    const [to, atMs]: readonly unknown[] = Array.isArray(pair) ? pair : [];
    return typeof to === "string" && typeof atMs === "number" ? [[to, atMs] as const] : [];
  });
}
