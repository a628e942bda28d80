/**
 * Rules of speech: results go to stdout, everything else to stderr; sentences are lower case without a full stop; a
 * refusal says what to try. With `--json` a command that prints data prints one JSON value and nothing else.
 */
import type { Fault } from "#contracts/fault.ts";
import { visible } from "#contracts/visible.ts";

export interface Output {
  /** True when `--json` was given. */
  readonly json: boolean;
  /** A result: `value` as JSON, or the lines of `text`. Values from outside must have passed `visible`. */
  data(value: unknown, text: () => readonly string[]): void;
  /** A part of a result that streams, as it is. */
  write(text: string): void;
  /** A remark for the person at the terminal. */
  say(text: string): void;
  fault(fault: Fault): void;
}

/** An output over two writers. */
export function textOutput(
  json: boolean,
  stdout: (text: string) => void,
  stderr: (text: string) => void,
): Output {
  return {
    json,
    data: (value, text) => {
      const lines = json ? [JSON.stringify(value, null, 2)] : text();
      if (lines.length > 0) stdout(`${lines.join("\n")}\n`);
    },
    write: stdout,
    say: (text) => stderr(`${text}\n`),
    fault: (fault) => {
      if (json) stdout(`${JSON.stringify({ ok: false, ...fault })}\n`);
      stderr(`wirken: ${fault.message}\n`);
      if (fault.hint !== undefined) stderr(`  try: ${fault.hint}\n`);
    },
  };
}

/** Rows as aligned columns under a heading; cells are made visible and never wrap. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const cells = [heading, ...rows.map((row) => row.map((cell) => visible(cell).replaceAll("\n", "⏎")))];
  const widths = heading.map((_, column) =>
    Math.max(...cells.map((row) => Bun.stringWidth(row[column] ?? ""))),
  );
  return cells.map((row) =>
    row
      .map((cell, column) => cell + " ".repeat(Math.max(0, (widths[column] ?? 0) - Bun.stringWidth(cell))))
      .join("  ")
      .trimEnd(),
  );
}

/** A moment as local `YYYY-MM-DD HH:MM:SS`. */
export function moment(ms: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${String(date.getFullYear())}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Bytes as mebibytes with one decimal. */
export function mebibytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
