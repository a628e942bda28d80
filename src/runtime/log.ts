/**
 * Diagnostics to stderr, one line an event. The only home of `console`. Results of commands go through
 * `src/cli/output.ts`.
 */
import type { Loggable } from "#contracts/secret.ts";

export interface Log {
  info(event: string, fields?: { readonly [key: string]: Loggable }): void;
  warn(event: string, fields?: { readonly [key: string]: Loggable }): void;
}

/** A log that writes `role event key=value …` lines with control characters made visible. */
export function stderrLog(role: string): Log {
  const line = (level: string, event: string, fields: { readonly [key: string]: Loggable } = {}): void => {
    const tail = Object.entries(fields).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
    console.error(`wirken ${role} ${level}${event}${tail.join("")}`.replace(/[\p{Cc}\p{Cf}]/gu, visible));
  };
  return {
    info: (event, fields) => line("", event, fields),
    warn: (event, fields) => line("warning: ", event, fields),
  };
}

/** A log that keeps its lines, for tests. */
export function memoryLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const add = (event: string, fields: { readonly [key: string]: Loggable } = {}): void => {
    lines.push(`${event} ${JSON.stringify(fields)}`);
  };
  return { info: add, warn: add, lines };
}

function visible(character: string): string {
  return `⟦U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟧`;
}
