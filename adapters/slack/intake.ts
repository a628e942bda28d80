/**
 * Events on their way to the gateway. An envelope is acknowledged once its event is durable, so that Slack
 * sends again what a crash took; what comes again while it is on its way joins it.
 */
import type { Part } from "#contracts/message.ts";
import { isJsonObject } from "#contracts/json.ts";
import type { AdapterHost } from "#kit/adapter.ts";
import { dropFiles, missingFile, takeFile } from "#kit/attachment.ts";
import { chatOrder } from "#kit/chat-order.ts";
import type { SlackApi } from "./api.ts";
import { type FileRef, fileOf } from "./file-ref.ts";
import type { Envelope } from "./frame.ts";
import type { Histories } from "./catch-up.ts";
import { type Me, isDirect, tsOfMs } from "./identity.ts";
import { type SlackEvent, readEnvelope } from "./inbound.ts";
import type { Names } from "./names.ts";
import type { Seen } from "./seen.ts";

/** Events on their way; above it none is taken or acknowledged, and Slack offers it again. */
const OPEN_MAX = 2_000;
/** Direct conversations whose history is looked at after one absence. */
const CAUGHT_MAX = 500;

export interface Intake {
  /** Takes an envelope; `acknowledge` is called when its event is safe, or none of ours. */
  take(envelope: Envelope, acknowledge: () => void): void;
  /**
   * Events may have been missed: each direct conversation is caught up on, at once where it goes on and else as
   * fast as Slack allows, the latest first.
   */
  missed(signal: AbortSignal): Promise<void>;
  /** True while nothing is on its way. */
  readonly isIdle: boolean;
}

export interface IntakePorts {
  readonly host: AdapterHost;
  readonly api: SlackApi;
  readonly me: Me;
  readonly names: Names;
  readonly seen: Seen;
  readonly histories: Histories;
  /** Slack says that the app was uninstalled or its tokens taken back. */
  readonly onRevoked: () => void;
}

/** Builds the intake of one workspace. */
export function intake(ports: IntakePorts): Intake {
  const { me, host, seen, onRevoked } = ports;
  const order = chatOrder();
  const open = new Map<string, Promise<boolean>>();
  const caught = new Set<string>();
  const catchUp = (channel: string): void => {
    if (caught.has(channel) || caught.size >= CAUGHT_MAX || !ports.histories.reserve()) return;
    caught.add(channel);
    order.run(channel, false, async () => {
      // One after the other, as they were said; each is a duplicate, or was missed.
      for (const event of await ports.histories.after(channel, seen.after(channel)))
        await handOn(event, ports);
    });
  };
  const take = (event: SlackEvent): Promise<boolean> => {
    const { conversation, eventId, kind } = event.draft;
    const key = `${conversation} ${eventId}`;
    const running = open.get(key);
    if (running !== undefined) return running;
    if (open.size >= OPEN_MAX) return Promise.resolve(false);
    if (isDirect(conversation)) catchUp(conversation);
    const safe = Promise.withResolvers<boolean>();
    open.set(key, safe.promise);
    order.run(conversation, kind === "button", async () => {
      const isSafe = await handOn(event, ports);
      open.delete(key);
      safe.resolve(isSafe);
    });
    return safe.promise;
  };
  return {
    missed: async (signal) => {
      caught.clear();
      for (const channel of seen.channels.toReversed()) {
        if (!(await ports.histories.room(signal))) return;
        catchUp(channel);
      }
    },
    take: (envelope, acknowledge) => {
      const reading = readEnvelope(envelope, me);
      if (reading === "revoked") onRevoked();
      if (reading === undefined || reading === "revoked") return acknowledge();
      void take(reading).then((isSafe) => {
        if (isSafe) acknowledge();
        else host.log.warn("an event was not taken: Slack will offer it again");
      });
    },
    get isIdle() {
      return open.size === 0;
    },
  };
}

/** Hands an event on; true once it is safe with the gateway. */
async function handOn({ draft, files, unnamed }: SlackEvent, ports: IntakePorts): Promise<boolean> {
  const { host, names, seen } = ports;
  const [name, ...parts] = await Promise.all([
    unnamed === "" ? draft.displayName : names.of(unnamed),
    ...files.map((file) => fetchFile(file, ports)),
  ]);
  const tsMs = draft.tsMs === 0 ? host.clock.now() : draft.tsMs; // a slash command says no time
  const ack = await host.inbound({ ...draft, tsMs, displayName: name, parts: [...draft.parts, ...parts] });
  // The gateway takes the files of what it recorded and of nothing else: a stranger must not fill the disk.
  if (!ack.ok || ack.value !== "recorded") await dropFiles(parts, host.spool);
  if (!ack.ok) return false;
  const { conversation, messageId, thread } = draft;
  const isSaid = draft.kind === "message" || draft.kind === "command";
  if (!isSaid || !isDirect(conversation) || thread !== "") return true; // of these no history tells us
  const ts = draft.eventId.startsWith("m") ? messageId : tsOfMs(tsMs);
  if (ack.value === "refused") seen.pass(conversation, ts);
  else void noteSeen(ports, seen.note(conversation, ts));
  return true;
}

/** The acknowledgement does not wait for the note: what comes again the gateway knows. */
async function noteSeen({ host }: IntakePorts, noted: Promise<void>): Promise<void> {
  await noted;
  await host.failPoint("cursor.written");
}

/** The file as a part. */
async function fetchFile(file: FileRef, { api, host }: IntakePorts): Promise<Part> {
  if (file.isElsewhere) return missingFile("it does not lie with Slack");
  const found = file.url === "" && file.id !== "" ? await askFile(file, api) : file;
  if (found.isElsewhere || found.url === "") return missingFile("without an address");
  return await takeFile(found, () => api.download(found.url), host.spool);
}

/** Files of other organisations come without their facts (`check_file_info`). */
async function askFile(file: FileRef, api: SlackApi): Promise<FileRef> {
  const answer = await api.ask("files.info", { file: file.id });
  const found = answer.ok ? answer.value["file"] : undefined;
  return isJsonObject(found) ? fileOf(found) : file;
}
