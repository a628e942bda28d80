/** A delivery of Meta on its way to the gateway: every event handed on, in the order of its chat, before the 200. */
import type { AdapterHost } from "#kit/adapter.ts";
import { dropFiles, takeFile } from "#kit/attachment.ts";
import { chatOrder } from "#kit/chat-order.ts";
import type { WebhookEnd } from "#kit/webhook.ts";
import type { CloudApi } from "./api.ts";
import { type WhatsAppEvent, readDelivery } from "./inbound.ts";
import type { Receipts } from "./receipts.ts";

const LATEST_MAX = 1_000;

export interface Intake {
  /** Takes a genuine body. */
  take(body: Uint8Array): Promise<WebhookEnd>;
  /** The last message of a chat, for the typing sign; empty where none is known. */
  latest(conversation: string): string;
}

export interface IntakePorts {
  readonly host: AdapterHost;
  readonly api: CloudApi;
  readonly receipts: Receipts;
  readonly phoneNumberId: string;
}

/** Builds the intake of one number. */
export function intake({ host, api, receipts, phoneNumberId }: IntakePorts): Intake {
  const order = chatOrder();
  const latest = new Map<string, string>();
  const handOn = async ({ draft, files }: WhatsAppEvent): Promise<boolean> => {
    const parts = await Promise.all(
      files.map((file) => takeFile(file, () => api.openMedia(file.id), host.spool)),
    );
    const ack = await host.inbound({ ...draft, parts: [...draft.parts, ...parts] });
    if (!ack.ok) return false;
    // The gateway takes the files of what it recorded and of nothing else: a stranger must not fill the disk.
    if (ack.value !== "recorded") await dropFiles(parts, host.spool);
    else if (draft.kind !== "reaction") remember(latest, draft.conversation, draft.messageId);
    return true;
  };
  const inTurn = (event: WhatsAppEvent): Promise<boolean> =>
    new Promise((resolve) => {
      order.run(event.draft.conversation, event.draft.kind === "button", async () =>
        resolve(await handOn(event)),
      );
    });
  return {
    take: async (body) => {
      const delivered = readDelivery(jsonOf(body), phoneNumberId, host.clock.now());
      if (delivered === undefined) return "unreadable";
      for (const receipt of delivered.receipts) receipts.heard(receipt);
      const safe = await Promise.all(delivered.events.map(inTurn));
      if (!safe.every(Boolean)) return "again"; // Meta sends it again; the gateway drops what it has
      await host.failPoint("cursor.written"); // the 200 is the cursor: what Meta does not hear of, it repeats
      return "taken";
    },
    latest: (conversation) => latest.get(conversation) ?? "",
  };
}

function remember(latest: Map<string, string>, conversation: string, messageId: string): void {
  latest.delete(conversation);
  latest.set(conversation, messageId);
  for (const oldest of latest.keys()) {
    if (latest.size <= LATEST_MAX) break;
    latest.delete(oldest);
  }
}

function jsonOf(body: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    return value;
  } catch {
    return undefined;
  }
}
