/**
 * What the chat and console pages ask through their process, and what streams to them. Bodies are JSON in `request`,
 * `response` and `event` payloads. The gateway parses requests with the schemas at the end of this file's sibling
 * `page-requests.ts`; the page's process passes them on unread.
 */
import type { Tier } from "./action.ts";
import type { ApprovalPrompt, PromptClosed } from "./message.ts";

/** The signature that a page puts on each request (docs/formats/pages.md). */
export interface PageAuth {
  /** Lower-case hex SHA-256 of the page key's raw public half. */
  readonly keyId: string;
  /** Unix milliseconds by the page's clock; at most 60 s off. */
  readonly timeMs: number;
  /** Grows with every request of the key. */
  readonly counter: number;
  /** base64 of the signature over `"wirken/page/v1"0 ‖ lp(method) ‖ lp(path) ‖ H(body) ‖ i64 timeMs ‖ u64 counter`. */
  readonly signature: string;
}

/** A page's request on its way through `request{method: "page", body}`. */
export interface PageRequest {
  readonly httpMethod: "GET" | "POST";
  /** Path with query, e.g. `/api/history`. */
  readonly path: string;
  /** The raw body, JSON text or empty. */
  readonly body: string;
  readonly auth: PageAuth;
}

/** `request{method: "page_register"}`: void after one use. Ed25519 where the browser has it, else ECDSA P-256. */
export interface PageRegister {
  readonly token: string;
  readonly algorithm: "Ed25519" | "ES256";
  /** base64 of the raw public key (32 bytes, or 65 bytes uncompressed point). */
  readonly publicKey: string;
}

/** A fault as a page shows it: what happened, what was kept, what to do. */
export interface ErrorParts {
  readonly happened: string;
  readonly kept: string;
  readonly remedy: string;
  /** A command that can be copied, or empty. */
  readonly command: string;
}

export const CARD_STATES = [
  "proposed",
  "waiting",
  "running",
  "done",
  "failed",
  "denied",
  "expired",
  "stopped",
  "unknown",
] as const;
export type CardState = (typeof CARD_STATES)[number];

/** A tool call as a card. */
export interface ToolCard {
  readonly call: string;
  readonly turn: string;
  readonly tool: string;
  /** "Read", "Ran", "Wrote", … */
  readonly verb: string;
  readonly target: string;
  readonly tier: Tier;
  readonly state: CardState;
  /** "workspace", "unboxed, as user ana". */
  readonly where: string;
  readonly startedMs: number;
  readonly tookMs: number;
  /** Row id of the newest row about it. */
  readonly row: number;
  /** Output, capped, control characters visible; empty until done. */
  readonly output: string;
  readonly exitCode: number | null;
  readonly undoable: boolean;
}

/** One thing in a conversation, in order. */
export type ChatItem =
  | {
      readonly type: "user";
      readonly tsMs: number;
      readonly row: number;
      readonly text: string;
      readonly author: string;
    }
  | {
      readonly type: "assistant";
      readonly tsMs: number;
      readonly row: number;
      readonly text: string;
      readonly turn: string;
    }
  | { readonly type: "tool"; readonly card: ToolCard }
  | { readonly type: "approval"; readonly prompt: ApprovalPrompt; readonly closed: PromptClosed | null }
  | { readonly type: "error"; readonly tsMs: number; readonly row: number; readonly error: ErrorParts }
  | { readonly type: "notice"; readonly tsMs: number; readonly row: number; readonly text: string };

/** What streams to a page or a terminal while turns run. `conversation` is the platform's conversation id. */
export type TurnEvent =
  | { readonly type: "turn_started"; readonly conversation: string; readonly turn: string }
  | {
      readonly type: "text_delta";
      readonly conversation: string;
      readonly turn: string;
      readonly text: string;
    }
  /** Lines of a running call, control characters visible, and how many before them were left out. Not in the record. */
  | {
      readonly type: "output";
      readonly conversation: string;
      readonly turn: string;
      readonly call: string;
      readonly lines: readonly string[];
      readonly skipped: number;
    }
  | { readonly type: "item"; readonly conversation: string; readonly item: ChatItem }
  | { readonly type: "queued"; readonly conversation: string; readonly waiting: number }
  | {
      readonly type: "turn_ended";
      readonly conversation: string;
      readonly turn: string;
      readonly outcome: "answered" | "stopped" | "failed" | "expired" | "round_limit";
    }
  | { readonly type: "record"; readonly conversation: string; readonly lines: readonly RecordLine[] }
  | { readonly type: "state" };

/** A row as the record panel shows it. */
export interface RecordLine {
  readonly id: number;
  readonly session: string;
  readonly seq: number;
  readonly tsMs: number;
  readonly kind: string;
  readonly trust: string;
  /** One sentence made from payload and content, control characters visible. */
  readonly summary: string;
  readonly call: string;
  readonly hash: string;
}

export interface ConversationSummary {
  readonly conversation: string;
  readonly channel: string;
  readonly title: string;
  readonly updatedMs: number;
  readonly waiting: boolean;
}

/** `/api/state` of both pages. */
export interface PageState {
  readonly version: string;
  readonly agent: string;
  readonly provider: string;
  readonly model: string;
  /** "this computer", "api.anthropic.com", "a script, not a model". */
  readonly modelWhere: string;
  readonly rehearsal: boolean;
  /** Models of an Ollama found on this computer. */
  readonly ollamaModels: readonly string[];
  /** Signing keys and log live for this run only. */
  readonly ephemeral: boolean;
  readonly walls: readonly { readonly name: string; readonly inForce: boolean; readonly detail: string }[];
  readonly recordRows: number;
  readonly roles: readonly RoleStatus[];
  /** Where tier 3 is answered, in words. */
  readonly approveElsewhere: string;
  /** Where the console is served. No token: whoever has no key there is told how to get one. */
  readonly consoleUrl: string;
}

export interface RoleStatus {
  readonly role: string;
  readonly peerId: string;
  readonly pid: number;
  readonly state: string;
  /** In the state `failed`: why, as a sentence. Else empty. */
  readonly why: string;
  readonly sinceMs: number;
  readonly restarts: number;
  readonly confinement: readonly {
    readonly name: string;
    readonly inForce: boolean;
    readonly detail: string;
  }[];
  readonly rssBytes: number;
  readonly pssBytes: number;
}

/** `/api/verify`: the outcome of a verification of the log as it stands. */
export interface VerifySummary {
  readonly ok: boolean;
  readonly level: string;
  readonly rows: number;
  readonly sessions: number;
  readonly heads: number;
  readonly checkpoints: number;
  readonly tookMs: number;
  readonly notShown: string;
  readonly problems: readonly {
    readonly session: string;
    readonly seq: number;
    readonly id: number;
    readonly reason: string;
    readonly detail: string;
  }[];
}

/** One act of the console's timeline: the rows of one call, message or change folded to a line. */
export interface TimelineAct {
  readonly key: string;
  readonly tsMs: number;
  readonly session: string;
  readonly channel: string;
  readonly who: string;
  readonly what: string;
  readonly outcome: string;
  readonly tone: "neutral" | "good" | "bad" | "waiting";
  readonly firstRow: number;
  readonly lastRow: number;
  readonly lines: readonly RecordLine[];
}

/** Requests of all channels, for the console. */
export interface ConsoleApprovals {
  readonly waiting: readonly ApprovalPrompt[];
  /** The last ones that ended in this run of the program, newest last: who answered or stopped them, where, when. */
  readonly ended: readonly PromptClosed[];
}

/** Routes of the chat page → type of the answer. All POST with JSON bodies. */
export interface ChatApi {
  "/api/state": PageState;
  "/api/conversations": readonly ConversationSummary[];
  /** body {conversation} */
  "/api/history": readonly ChatItem[];
  /** body {conversation, text, eventId}: the process turns it into an `inbound` frame */
  "/api/send": { readonly status: "recorded" | "duplicate" | "refused" };
  /** body {conversation}: `/stop` as an inbound command */
  "/api/stop": { readonly status: string };
  /** body {conversation}: `/again` as an inbound command */
  "/api/again": { readonly status: string };
  /** body {conversation, approvalId, verdict: "approve" | "deny", remember?, why?}: an inbound button */
  "/api/answer": { readonly status: string };
  /** body {conversation, call}: undo a file edit */
  "/api/undo": { readonly done: boolean; readonly detail: string };
  /** body {conversation} */
  "/api/record": readonly RecordLine[];
  "/api/verify": VerifySummary;
  /** GET, streamed NDJSON of `{seq, event: TurnEvent}`; `?after=SEQ` resumes */
  "/api/stream": never;
}

/** Routes of the console page. All POST with JSON bodies. */
export interface ConsoleApi {
  "/api/state": PageState;
  "/api/approvals": ConsoleApprovals;
  /** body {approvalId, verdict, remember?, why?} */
  "/api/answer": { readonly ok: boolean; readonly detail: string };
  /** body {approvalId}: of a request that expired; asks for the same anew */
  "/api/again": { readonly ok: boolean; readonly detail: string };
  /** body {before?: row id, limit?, view?, query?} */
  "/api/timeline": readonly TimelineAct[];
  /** body {id}: one row whole; opening text writes a `record_read` row */
  "/api/row": { readonly line: RecordLine; readonly payload: string; readonly content: string };
  /** body {after, limit}: raw rows for verification in the browser */
  "/api/raw": readonly { readonly [column: string]: string | number | null }[];
  "/api/verify": VerifySummary;
  /** mints a one-time link to the chat page */
  "/api/open-chat": { readonly link: string };
  "/api/stream": never;
}
