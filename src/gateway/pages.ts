/**
 * What the pages ask (contracts/page-api.ts). A page's process passes requests on unread; here their signature is
 * checked, their body parsed, and the answer limited to what that page may see: the chat to its own instance, the
 * console to everything.
 */
import type { z } from "zod";
import { type Fault, fail } from "#contracts/fault.ts";
import { GATEWAY_LANE, type InstanceId } from "#contracts/ids.ts";
import {
  againSchema,
  answerSchema,
  conversationSchema,
  emptySchema,
  pageRegisterSchema,
  pageRequestSchema,
  rawSchema,
  rowSchema,
  sendSchema,
  timelineSchema,
  undoSchema,
} from "#contracts/page-requests.ts";
import { ok, type Result } from "#contracts/result.ts";
import type { ChatPages } from "./chat-pages.ts";
import type { Parts } from "./compose.ts";
import type { ConsolePages } from "./console-pages.ts";
import type { PageName } from "./page-keys.ts";

/** The connection that a page's process has. */
export interface PageCaller {
  readonly page: PageName;
  readonly peerId: string;
  /** The chat's instance; `undefined` for the console. */
  readonly instance: InstanceId | undefined;
}

type Answer = Promise<Result<unknown, Fault>>;
/** Parses a body and answers it. */
type Route = (body: unknown) => Answer;

/** The gateway has accepted a request whose act is the page's process' own. */
const ACCEPTED = { accepted: true } as const;

export class PageDesk {
  readonly #parts: Parts;
  readonly #chat: ChatPages;
  readonly #console: ConsolePages;

  constructor(parts: Parts, chat: ChatPages, console: ConsolePages) {
    this.#parts = parts;
    this.#chat = chat;
    this.#console = console;
  }

  /** Serves a request of a page's process. The result is JSON text. */
  async serve(caller: PageCaller, method: string, body: string): Promise<Result<string, Fault>> {
    const answer = await this.#serve(caller, method, parseJson(body));
    return answer.ok ? ok(JSON.stringify(answer.value)) : answer;
  }

  #serve(caller: PageCaller, method: string, body: unknown): Answer {
    if (method === "page_register") return this.#register(caller, body);
    if (method === "page") return this.#request(caller, body);
    return Promise.resolve(fail("usage", "there is no such method"));
  }

  async #register(caller: PageCaller, body: unknown): Answer {
    const parsed = pageRegisterSchema.safeParse(body);
    if (!parsed.success) return fail("usage", "the registration has another shape");
    const { token, algorithm, publicKey } = parsed.data;
    const redeemed = this.#parts.pageLogin.redeem(caller.page, token);
    if (!redeemed.ok) return redeemed;
    const key = this.#parts.pageKeys.register(caller.page, caller.peerId, { algorithm, publicKey });
    if (!key.ok) return key;
    const payload = {
      page: caller.page,
      peer: caller.peerId,
      key: key.value,
      algorithm,
      public_key: publicKey,
    };
    const { journal } = this.#parts.world;
    await journal.append([{ session: GATEWAY_LANE, kind: "login", trust: "user", payload }]);
    // Signed at once: only a login that has force is known to the gateway that is started after a crash.
    await journal.sealTurn(GATEWAY_LANE, "login");
    return ok({ keyId: key.value });
  }

  async #request(caller: PageCaller, body: unknown): Answer {
    const parsed = pageRequestSchema.safeParse(body);
    if (!parsed.success) return fail("usage", "the request has another shape");
    const request = parsed.data;
    const checked = this.#parts.pageKeys.check(caller.peerId, request);
    if (!checked.ok) return checked;
    if (checked.value !== caller.page)
      return fail("auth", "this key belongs to another page", { reason: "other_page" });
    const [path = ""] = request.path.split("?");
    const isStream = path === "/api/stream";
    if (isStream !== (request.httpMethod === "GET")) return fail("usage", "there is no such route");
    if (isStream) return ok(ACCEPTED);
    const routes = caller.instance === undefined ? this.#consoleRoutes() : this.#chatRoutes(caller.instance);
    const route = routes.get(request.path);
    if (route === undefined) return fail("not_found", "there is no such route");
    return route(request.body === "" ? {} : parseJson(request.body));
  }

  #chatRoutes(instance: InstanceId): ReadonlyMap<string, Route> {
    const chat = this.#chat;
    return new Map<string, Route>([
      ["/api/state", on(emptySchema, () => chat.state())],
      ["/api/conversations", on(emptySchema, () => chat.conversations(instance))],
      ["/api/history", on(conversationSchema, (body) => chat.history(instance, body.conversation))],
      ["/api/record", on(conversationSchema, (body) => chat.record(instance, body.conversation))],
      ["/api/undo", on(undoSchema, (body) => chat.undo(instance, body.conversation, body.call))],
      ["/api/verify", on(emptySchema, () => chat.verify())],
      ["/api/send", on(sendSchema, accept)],
      ["/api/stop", on(conversationSchema, accept)],
      ["/api/again", on(conversationSchema, accept)],
      ["/api/answer", on(answerSchema, accept)],
    ]);
  }

  #consoleRoutes(): ReadonlyMap<string, Route> {
    const pages = this.#console;
    return new Map<string, Route>([
      ["/api/state", on(emptySchema, () => this.#chat.state())],
      ["/api/approvals", on(emptySchema, () => Promise.resolve(ok(pages.approvals())))],
      ["/api/answer", on(answerSchema, (body) => pages.answer(body))],
      ["/api/again", on(againSchema, (body) => pages.again(body.approvalId))],
      ["/api/timeline", on(timelineSchema, (body) => Promise.resolve(ok(pages.timeline(body))))],
      ["/api/row", on(rowSchema, (body) => pages.row(body.id))],
      ["/api/raw", on(rawSchema, (body) => pages.raw(body.after, body.limit))],
      ["/api/verify", on(emptySchema, () => this.#chat.verify())],
      ["/api/open-chat", on(emptySchema, () => Promise.resolve(ok(pages.openChat())))],
    ]);
  }
}

/** A route whose body must fit `schema`; its fault repeats nothing of the body. */
function on<S extends z.ZodType>(schema: S, answer: (body: z.infer<S>) => Answer): Route {
  return (body) => {
    const parsed = schema.safeParse(body);
    return parsed.success
      ? answer(parsed.data)
      : Promise.resolve(fail("usage", "the request's body has another shape"));
  };
}

function accept(): Answer {
  return Promise.resolve(ok(ACCEPTED));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // fits no schema
  }
}
