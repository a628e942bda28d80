/** The channels, and what each platform can do, as total tables. */
export const CHANNELS = [
  "webchat",
  "telegram",
  "discord",
  "slack",
  "teams",
  "matrix",
  "whatsapp",
  "signal",
  "googlechat",
  "imessage",
  "cli",
  "console",
] as const;
/** The kind of a channel. `cli` and `console` are surfaces without an adapter. */
export type Channel = (typeof CHANNELS)[number];

/** Channels that an adapter process serves in this version. */
export const ADAPTER_CHANNELS = [
  "webchat",
  "telegram",
  "discord",
  "slack",
  "whatsapp",
  "signal",
  "googlechat",
  "matrix",
] as const satisfies readonly Channel[];
export type AdapterChannel = (typeof ADAPTER_CHANNELS)[number];

export interface ChannelTraits {
  /** Longest text of one message, in UTF-16 code units. */
  readonly text_chars_max: number;
  /** How text is written there. */
  readonly dialect: "markdown" | "html" | "blocks" | "plain";
  readonly buttons: boolean;
  readonly edits: boolean;
  readonly threads: boolean;
  readonly typing: boolean;
  /** May stream an answer as it grows. */
  readonly streaming: boolean;
  /** Highest tier that may be approved there without the operator's written choice. */
  readonly approve_up_to: 1 | 2 | 3;
}

const plainSurface = {
  text_chars_max: 4_000,
  dialect: "plain",
  buttons: false,
  edits: false,
  threads: false,
  typing: false,
  streaming: false,
  approve_up_to: 2,
} as const satisfies ChannelTraits;

export const CHANNEL_TRAITS = {
  webchat: {
    ...plainSurface,
    text_chars_max: 1_000_000,
    dialect: "markdown",
    buttons: true,
    edits: true,
    typing: true,
    streaming: true,
  },
  telegram: {
    ...plainSurface,
    text_chars_max: 4_096,
    dialect: "html",
    buttons: true,
    edits: true,
    threads: true,
    typing: true,
  },
  discord: {
    ...plainSurface,
    text_chars_max: 2_000,
    dialect: "markdown",
    buttons: true,
    edits: true,
    threads: true,
    typing: true,
  },
  slack: { ...plainSurface, dialect: "blocks", buttons: true, edits: true, threads: true },
  teams: {
    ...plainSurface,
    text_chars_max: 28_000,
    dialect: "markdown",
    buttons: true,
    edits: true,
    threads: true,
    typing: true,
  },
  matrix: {
    ...plainSurface,
    text_chars_max: 8_000,
    dialect: "html",
    edits: true,
    threads: true,
    typing: true,
  },
  whatsapp: { ...plainSurface, text_chars_max: 4_096, buttons: true, typing: true },
  signal: { ...plainSurface, text_chars_max: 2_000, edits: true, typing: true },
  googlechat: { ...plainSurface, buttons: true, edits: true, threads: true },
  imessage: { ...plainSurface, text_chars_max: 20_000 },
  cli: { ...plainSurface, text_chars_max: 1_000_000, dialect: "markdown", streaming: true, approve_up_to: 3 },
  console: {
    ...plainSurface,
    text_chars_max: 1_000_000,
    dialect: "markdown",
    buttons: true,
    streaming: true,
    approve_up_to: 3,
  },
} as const satisfies Record<Channel, ChannelTraits>;

/** True for the name of a channel kind. */
export function isChannel(text: string): text is Channel {
  return CHANNELS.some((channel) => channel === text);
}

/** True for a channel kind that an adapter process serves. */
export function isAdapterChannel(text: string): text is AdapterChannel {
  return ADAPTER_CHANNELS.some((channel) => channel === text);
}
