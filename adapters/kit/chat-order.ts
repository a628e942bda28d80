/**
 * Events of a chat on their way to the gateway: one after the other within a chat, chats beside each other. A button
 * waits for nothing, because it may answer what an earlier message of its chat asks for.
 */
export interface ChatOrder {
  /** Runs `work` after the chat's earlier events; at once where `isButton`. `work` must not throw. */
  run(chat: string, isButton: boolean, work: () => Promise<void>): void;
  /** Resolves when nothing is on its way. */
  idle(): Promise<void>;
}

/** Builds the order of one adapter. */
export function chatOrder(): ChatOrder {
  const tails = new Map<string, Promise<void>>();
  const alone = new Set<Promise<void>>();
  return {
    run: (chat, isButton, work) => {
      if (isButton) {
        const task: Promise<void> = work().finally(() => alone.delete(task));
        alone.add(task);
        return;
      }
      const task: Promise<void> = (tails.get(chat) ?? Promise.resolve()).then(work).finally(() => {
        if (tails.get(chat) === task) tails.delete(chat);
      });
      tails.set(chat, task);
    },
    idle: async () => {
      while (tails.size + alone.size > 0) await Promise.all([...tails.values(), ...alone]);
    },
  };
}
