/**
 * What the conformance suite drives: a world of one channel, and what its files share. Nothing here knows a
 * platform.
 */
import { test } from "bun:test";
import { newApprovalId, newOutboundId } from "#contracts/ids.ts";
import type { ApprovalPrompt, Outbound } from "#contracts/message.ts";
import type { ManualClock } from "#runtime/clock.ts";
import { fixedRandom } from "#runtime/random.ts";
import type { AdapterDefinition } from "./adapter.ts";
import type { AdapterHandoff } from "./handoff.ts";
import { type Life, type Lives, type Mortal, adapterLives } from "./life-fake.ts";

/** A message as a person on the platform sees it. */
export interface SeenMessage {
  readonly text: string;
  readonly pings: readonly string[];
  readonly links: readonly string[];
  readonly buttons: readonly { readonly text: string; readonly value: string }[];
}

/** How the platform's next send goes wrong. */
export type PlatformTrouble = "rate" | "rate_bare" | "busy" | "cut" | "unreached";

export interface ConformanceWorld {
  readonly clock: ManualClock;
  readonly handoff: AdapterHandoff;
  readonly define: (mortal: Mortal) => AdapterDefinition;
  /** Longest message of the platform in UTF-16 units. */
  readonly textMax: number;
  /** The chat that `say` writes in. */
  readonly chat: string;
  /** A person writes; answers the platform's event for `replay`. */
  say(text: string): unknown;
  /** The platform delivers an event once more. */
  replay(event: unknown): void;
  /** A person presses a button of a message. */
  press(value: string): void;
  /** What stands in the chat, in order. */
  seen(): readonly SeenMessage[];
  trouble(kind: PlatformTrouble): void;
  /** Takes the credential's validity. */
  revoke(): void;
  /** What a strict platform objected to. */
  violations(): readonly string[];
}

export interface ConformanceOptions {
  readonly name: string;
  readonly make: () => ConformanceWorld;
  readonly skip: readonly { readonly reason: string; readonly tests: readonly string[] }[];
}

const random = fixedRandom(99);

/** One run of the suite: the life that the current test uses last is ended after it. */
export interface Suite {
  readonly make: () => ConformanceWorld;
  life: Life | undefined;
  /** A world with its first life begun. */
  begin(): { world: ConformanceWorld; lives: Lives; life: Life };
  /** Declares a test, or its skip with the reason. */
  check(title: string, body: () => Promise<void>): void;
}

/** The suite of one channel. */
export function suiteOf({ make, skip }: ConformanceOptions): Suite {
  const suite: Suite = {
    make,
    life: undefined,
    begin: () => {
      const world = make();
      const lives = adapterLives(world.define, world.handoff, world.clock);
      const life = lives.start();
      suite.life = life;
      return { world, lives, life };
    },
    check: (title, body) => {
      const skipped = skip.find(({ tests }) => tests.includes(title));
      if (skipped === undefined) test(title, body);
      else test.skip(`${title} (${skipped.reason})`, body);
    },
  };
  return suite;
}

export function answer(world: ConformanceWorld, markdown: string): Outbound {
  const outboundId = newOutboundId((count) => random.bytes(count));
  return { outboundId, conversation: world.chat, thread: "", replyTo: "", markdown, purpose: "answer" };
}

export function approval(world: ConformanceWorld, more: Partial<ApprovalPrompt>): ApprovalPrompt {
  return {
    approvalId: newApprovalId((count) => random.bytes(count)),
    conversation: world.chat,
    thread: "",
    tier: 3,
    title: "Delete 14 files in build/?",
    exact: "rm -rf build",
    facts: [{ label: "Undo", text: "No", alarming: false }],
    askedMs: world.clock.now(),
    expiresMs: world.clock.now() + 15 * 60_000,
    answerable: true,
    elsewhere: "",
    grantOffer: "",
    ...more,
  };
}

export function textOf(event: Lives["gateway"]["inbound"][number]): string {
  return event.parts.map((part) => ("text" in part ? part.text : "")).join("|");
}

export function texts(world: ConformanceWorld): string[] {
  return world.seen().map(({ text }) => text);
}

export function states(lives: Lives, outbound: Outbound): string[] {
  return lives.gateway.deliveries
    .filter(({ outboundId }) => outboundId === outbound.outboundId)
    .map(({ state }) => state);
}

export function ended(lives: Lives, outbound: Outbound): Lives["gateway"]["deliveries"][number] | undefined {
  return lives.gateway.deliveries.find(
    ({ outboundId, state }) => outboundId === outbound.outboundId && state !== "sending",
  );
}
