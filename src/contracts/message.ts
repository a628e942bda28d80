/** What travels between an adapter and the gateway on behalf of people. Types only: parsing stands in `src/ipc`. */
import type { ApprovalId, OutboundId } from "./ids.ts";

/** A piece of an inbound message. Text that the sender did not type is marked as such: it is never authority. */
export type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "quoted"; readonly text: string }
  | { readonly kind: "forwarded"; readonly text: string }
  | { readonly kind: "preview"; readonly text: string }
  | {
      readonly kind: "attachment";
      /** Random file name in the peer's spool folder. */
      readonly handle: string;
      readonly name: string;
      readonly mediaType: string;
      readonly bytes: number;
      /** Lower-case hex SHA-256 of the file. */
      readonly sha256: string;
    };

export const INBOUND_KINDS = ["message", "edit", "reaction", "button", "command"] as const;
export type InboundKind = (typeof INBOUND_KINDS)[number];

/** An event of a platform, as its adapter reports it. All ids are the platform's own and immutable. */
export interface Inbound {
  /** The id of the *event*: update id, callback id, message id with edit time. The key of deduplication. */
  readonly eventId: string;
  readonly messageId: string;
  readonly senderId: string;
  /** Shown to people, never used for a decision. */
  readonly displayName: string;
  /** Must equal what the handshake resolved to (`AuthenticatedChannel.requireMatch`). */
  readonly channel: string;
  readonly instance: string;
  /** The platform's id of the chat, with the thread where the platform has threads. */
  readonly conversation: string;
  readonly thread: string;
  readonly parts: readonly Part[];
  /** Unix milliseconds, by the platform's clock. */
  readonly tsMs: number;
  readonly isGroup: boolean;
  /** The bot was mentioned or replied to. */
  readonly mentioned: boolean;
  readonly replyTo: string;
  readonly editOf: string;
  readonly kind: InboundKind;
  /** For `button`: the value the button carried; for `command`: the command with its operands. */
  readonly value: string;
}

/** A message to a platform's conversation. The gateway fills it from the handle that is being answered. */
export interface Outbound {
  readonly outboundId: OutboundId;
  readonly conversation: string;
  readonly thread: string;
  readonly replyTo: string;
  /** Markdown; the adapter renders its platform's dialect. */
  readonly markdown: string;
  /** What the message is: an answer, or a notice of the program (pairing, refusal, error). */
  readonly purpose: "answer" | "notice";
}

export const DELIVERY_STATES = ["sending", "delivered", "failed", "unknown"] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** How an outbound message fared. `unknown`: sending began and its outcome cannot be known; it is not sent again. */
export interface Delivery {
  readonly outboundId: string;
  readonly state: DeliveryState;
  /** Platform ids of the messages it became, in order. */
  readonly messageIds: readonly string[];
  /** A closed code for failures, see `FAILURE_CODES` of the adapters' contract; else empty. */
  readonly code: string;
}

/** What the gateway answers to an inbound event once it is durable: only then may the adapter move its cursor. */
export interface InboundAck {
  readonly eventId: string;
  readonly conversation: string;
  readonly status: "recorded" | "duplicate" | "refused";
}

/** An approval request as a surface shows it; the sentences are made in one place (`src/policy/wording.ts`). */
export interface ApprovalPrompt {
  readonly approvalId: ApprovalId;
  readonly conversation: string;
  readonly thread: string;
  readonly tier: 2 | 3;
  /** A plain question: "Delete 14 files in build/?" */
  readonly title: string;
  /** The exact call, control, bidi and zero-width characters made visible. */
  readonly exact: string;
  /** At most five facts: Runs, Asked by, Why this asks, Careful, Undo. */
  readonly facts: readonly { readonly label: string; readonly text: string; readonly alarming: boolean }[];
  /** Unix milliseconds. */
  readonly askedMs: number;
  readonly expiresMs: number;
  /** May be answered on this surface; else `elsewhere` says where. */
  readonly answerable: boolean;
  readonly elsewhere: string;
  /** For tier 2 alone: the sentence of the storable grant, or empty. */
  readonly grantOffer: string;
}

/** The outcome that replaces an approval's buttons. */
export interface PromptClosed {
  readonly approvalId: string;
  readonly conversation: string;
  readonly thread: string;
  /** "Approved by you, here, 14:02:11." and so on. */
  readonly outcome: string;
  readonly verdict: "approved" | "denied" | "expired" | "changed" | "cancelled";
}
