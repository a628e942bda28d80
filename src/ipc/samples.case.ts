/** One payload of every kind with every field in use; for tests, the fuzzer and the bench. */
import type { Payload } from "#contracts/frame.ts";
import { newApprovalId, newOutboundId } from "#contracts/ids.ts";
import type { Inbound } from "#contracts/message.ts";
import { fixedRandom } from "#runtime/random.ts";

const random = fixedRandom(7);

export const SAMPLE_INBOUND: Inbound = {
  eventId: "update-9001",
  messageId: "4711",
  senderId: "1234567",
  displayName: "Åsa \u{1F600}",
  channel: "telegram",
  instance: "telegram",
  conversation: "-1009876543210",
  thread: "17",
  parts: [
    { kind: "text", text: "run: uname -a" },
    { kind: "quoted", text: "earlier" },
    { kind: "forwarded", text: 'from elsewhere\n\twith "quotes" and \\' },
    { kind: "preview", text: "a page's title" },
    {
      kind: "attachment",
      handle: "f3b1c2d4",
      name: "notes.pdf",
      mediaType: "application/pdf",
      bytes: 20_971_520,
      sha256: "ab".repeat(32),
    },
  ],
  tsMs: 1_795_335_899_472,
  isGroup: true,
  mentioned: true,
  replyTo: "4710",
  editOf: "4700",
  kind: "command",
  value: "/new topic",
};

export const SAMPLE_PAYLOADS: readonly Payload[] = [
  { kind: "heartbeat" },
  { kind: "chunk", id: 7, index: 3, last: true, data: new Uint8Array([0, 1, 2, 254, 255]) },
  { kind: "inbound", inbound: SAMPLE_INBOUND },
  {
    kind: "inboundAck",
    ack: { eventId: "update-9001", conversation: "-1009876543210", status: "duplicate" },
  },
  {
    kind: "outbound",
    outbound: {
      outboundId: newOutboundId((count) => random.bytes(count)),
      conversation: "-1009876543210",
      thread: "17",
      replyTo: "4711",
      markdown: "**Linux** lab 6.18\n\n```\nx86_64\n```",
      purpose: "notice",
    },
  },
  {
    kind: "delivery",
    delivery: { outboundId: "o-1", state: "failed", messageIds: ["1", "2", "3"], code: "rate_limited" },
  },
  {
    kind: "prompt",
    prompt: {
      approvalId: newApprovalId((count) => random.bytes(count)),
      conversation: "-1009876543210",
      thread: "17",
      tier: 3,
      title: "Run a command?",
      exact: "uname -a",
      facts: [
        { label: "Runs", text: "in the workspace", alarming: false },
        { label: "Careful", text: "no box yet", alarming: true },
      ],
      askedMs: 1_795_335_899_472,
      expiresMs: 1_795_336_799_472,
      answerable: true,
      elsewhere: "the console",
      grantOffer: "Always allow reading notes/",
    },
  },
  {
    kind: "promptClosed",
    closed: {
      approvalId: "a-1",
      conversation: "-1009876543210",
      thread: "17",
      outcome: "Approved by you, here, 14:02:11.",
      verdict: "cancelled",
    },
  },
  { kind: "activity", conversation: "-1009876543210", thread: "17", working: true },
  { kind: "adapterState", state: "degraded", detail: "rate limited" },
  { kind: "request", id: 4_294_967_295, method: "history", body: '{"after":3}' },
  { kind: "response", id: 1, ok: true, body: "[]" },
  { kind: "event", name: "delta", body: '{"text":"x"}' },
  { kind: "stop" },
];
