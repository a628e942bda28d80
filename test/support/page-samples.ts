/** What a gateway might answer to both pages: one rehearsal turn, one request, a small record. */
import type { ApprovalPrompt } from "#contracts/message.ts";
import type {
  ChatItem,
  ConversationSummary,
  PageState,
  RecordLine,
  TimelineAct,
  ToolCard,
  VerifySummary,
} from "#contracts/page-api.ts";
import { parseApprovalId } from "#contracts/ids.ts";

export const NOW = Date.now();
const HASH = "9f2c64d01e0b7a55c3d1f7e82b6a90417d5c8e3ff1a2b4c69d0e7f8a1b2c3d4e";

const walls = [
  { name: "Landlock", inForce: true, detail: "files beneath its own folders" },
  { name: "seccomp", inForce: true, detail: "no sockets to other programs, no ptrace" },
  { name: "no new privileges", inForce: true, detail: "" },
  { name: "not dumpable", inForce: true, detail: "" },
  { name: "own PID namespace", inForce: false, detail: "user namespaces are off on this system" },
];

export const state: PageState = {
  version: "0.1.0",
  agent: "default",
  provider: "rehearsal",
  model: "script",
  modelWhere: "a script, not a model",
  rehearsal: true,
  ollamaModels: ["llama3.2", "qwen2.5-coder"],
  ephemeral: true,
  walls,
  recordRows: 412,
  roles: [
    role("keeper", "", 4101, "running", 31, 9.4),
    role("gateway", "", 4102, "running", 58, 24.1),
    role("signer", "signer", 4103, "ready", 33, 7.2),
    role("console", "console", 4104, "ready", 36, 9.9),
    role("adapter", "webchat", 4105, "ready", 36, 10.1),
    { ...role("adapter", "telegram", 4117, "degraded", 35, 8.8), restarts: 2 },
  ],
  consoleUrl: "http://127.0.0.1:18791/",
  approveElsewhere: "Tier 3 is answered on the console or with `wirken permissions approve`.",
};

function role(name: string, peerId: string, pid: number, word: string, rss: number, pss: number) {
  const confinement = walls.slice(0, name === "keeper" ? 3 : 5);
  const bytes = { rssBytes: rss * 1_048_576, pssBytes: Math.round(pss * 1_048_576) };
  return {
    role: name,
    peerId,
    pid,
    state: word,
    why: "",
    sinceMs: NOW - 5_400_000,
    restarts: 0,
    confinement,
    ...bytes,
  };
}

const id = parseApprovalId(`a-${"b".repeat(26)}`);
if (!id.ok) throw new Error("the sample's id has another form");

export const prompt: ApprovalPrompt = {
  approvalId: id.value,
  conversation: "w-1",
  thread: "",
  tier: 3,
  title: "Run uname -a?",
  exact: "uname -a\nin  ~/.wirken/agents/default/workspace\nas  /usr/bin/uname · sha256 41c09d5c6e0b…",
  facts: [
    { label: "Runs", text: "no box yet, as user ana", alarming: true },
    { label: "Asked by", text: "you, here, 14:01: “run: uname -a”", alarming: false },
    {
      label: "Why this asks",
      text: "Every command asks: what it does cannot be known before it runs.",
      alarming: false,
    },
    { label: "Undo", text: "No", alarming: false },
  ],
  askedMs: NOW - 12_000,
  expiresMs: NOW + 888_000,
  answerable: true,
  elsewhere: "",
  grantOffer: "",
};

export const card: ToolCard = {
  call: "k-1",
  turn: "t-1",
  tool: "read_file",
  verb: "Read",
  target: "notes.md",
  tier: 1,
  state: "done",
  where: "workspace",
  startedMs: NOW - 60_000,
  tookMs: 210,
  row: 404,
  output: "# Notes\n\n- buy oats\n- call Ben about the build",
  exitCode: null,
  undoable: false,
};

export const answerText = `Your notes have **two entries**:

1. buy oats
2. call Ben about the \`build\`

> The file was last changed on Tuesday.

\`\`\`sh
cat notes.md | wc -l
\`\`\`

See the [style guide](https://docs.example.com/style?from=wirken) for how notes are kept.`;

export const history: readonly ChatItem[] = [
  { type: "user", tsMs: NOW - 61_000, row: 401, text: "read notes.md and the two drafts", author: "you" },
  { type: "tool", card },
  { type: "tool", card: { ...card, call: "k-2", target: "drafts/one.md", row: 407, tookMs: 900 } },
  {
    type: "tool",
    card: {
      ...card,
      call: "k-3",
      tool: "exec",
      verb: "Ran",
      target: "wc -l drafts/two.md",
      tier: 3,
      state: "failed",
      exitCode: 1,
      row: 411,
      where: "unboxed, as user ana",
      output: "wc: drafts/two.md: No such file or directory",
      tookMs: 990,
    },
  },
  { type: "assistant", tsMs: NOW - 55_000, row: 412, text: answerText, turn: "t-1" },
];

export const conversations: readonly ConversationSummary[] = [
  {
    conversation: "w-1",
    channel: "webchat",
    title: "read notes.md and the two drafts",
    updatedMs: NOW,
    waiting: true,
  },
  {
    conversation: "w-2",
    channel: "webchat",
    title: "list files",
    updatedMs: NOW - 9_000_000,
    waiting: false,
  },
  {
    conversation: "w-3",
    channel: "webchat",
    title: "fetch https://example.com",
    updatedMs: NOW - 90_000_000,
    waiting: false,
  },
];

export const lines: readonly RecordLine[] = [
  line(401, "inbound", "user", "A message arrived from the web chat"),
  line(402, "user_message", "user", "“read notes.md and the two drafts”"),
  line(403, "tool_call", "system", "Read notes.md, tier 1"),
  line(404, "decision", "system", "Allowed: reading the workspace is tier 1"),
  line(405, "intent", "system", "About to read notes.md"),
  line(406, "tool_result", "tool", "Done, 48 bytes, 0.2 s"),
  line(409, "approval_requested", "system", "Asked: run wc -l drafts/two.md?"),
  line(410, "decision", "user", "Denied by Ben on Telegram"),
  line(411, "assistant_message", "system", "Answered, 212 characters"),
  line(412, "chain_head", "system", "Signed rows 401–411"),
];

function line(row: number, kind: string, trust: string, summary: string): RecordLine {
  const tsMs = NOW - (413 - row) * 700;
  const session = `default/webchat/c-${"a".repeat(26)}`;
  return { id: row, session, seq: row - 400, tsMs, kind, trust, summary, call: "k-1", hash: HASH };
}

export const intact: VerifySummary = {
  ok: true,
  level: "L0",
  rows: 1_204,
  sessions: 7,
  heads: 24,
  checkpoints: 7,
  tookMs: 412,
  notShown: "that the whole log was not replaced or cut back; there is no outside anchor.",
  problems: [],
};

export const broken: VerifySummary = {
  ...intact,
  ok: false,
  problems: [
    { session: "default/telegram/c-x", seq: 12, id: 418, reason: "content_mismatch", detail: "" },
    { session: "default/telegram/c-x", seq: 13, id: 419, reason: "prev_hash", detail: "" },
  ],
};

export const acts: readonly TimelineAct[] = [
  act(
    "1",
    "Ana",
    "telegram",
    "Delete 14 files in build/",
    "asked → approved by Ben (9 s) → done 0.3 s",
    "good",
    415,
    419,
  ),
  act("2", "you", "webchat", "Run uname -a", "waiting for an answer", "waiting", 413, 414),
  act("3", "you", "webchat", "Run wc -l drafts/two.md", "asked → denied by Ben on Telegram", "bad", 408, 410),
  act("4", "you", "webchat", "Read notes.md", "allowed → done 0.2 s", "good", 403, 406),
  act("5", "", "", "Signed rows 1–402", "", "neutral", 402, 402),
  act(
    "6",
    "operator",
    "cli",
    "Added approver Ben on Telegram, up to tier 2",
    "",
    "neutral",
    371,
    371,
    86_400_000,
  ),
];

function act(
  key: string,
  who: string,
  channel: string,
  what: string,
  outcome: string,
  tone: TimelineAct["tone"],
  firstRow: number,
  lastRow: number,
  back = 0,
): TimelineAct {
  const own = lines.slice(2, 2 + lastRow - firstRow + 1).map((one, at) => ({ ...one, id: firstRow + at }));
  const tsMs = NOW - (420 - lastRow) * 9_000 - back;
  return {
    key,
    tsMs,
    session: "default/x",
    channel,
    who,
    what,
    outcome,
    tone,
    firstRow,
    lastRow,
    lines: own,
  };
}
