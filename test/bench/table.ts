/** Figures as a table for people. */
import type { Aim, Figure } from "./figure.ts";

const HEADER = ["figure", "value", "unit", "baseline", "ratio", "aim", "", "note"] as const;

/** One line a figure, columns aligned. */
export function tableOf(figures: readonly Figure[]): readonly string[] {
  const rows = [HEADER, ...figures.map(cells)];
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function cells(figure: Figure): readonly string[] {
  const { name, value, unit, baseline, ratio, aim, note = "" } = figure;
  return [
    name,
    value === null ? "-" : shown(value),
    unit,
    baseline === undefined ? "" : shown(baseline),
    ratio === undefined ? "" : ratio.toFixed(2),
    aim === undefined ? "" : `${aim.of} ${aim.bound === "at_least" ? "≥" : "≤"} ${String(aim.at)}`,
    aim === undefined ? "" : verdict(figure, aim),
    note,
  ];
}

function verdict(figure: Figure, aim: Aim): string {
  const measured = aim.of === "ratio" ? figure.ratio : figure.value;
  if (measured === undefined || measured === null) return "";
  return (aim.bound === "at_least" ? measured >= aim.at : measured <= aim.at) ? "reached" : "missed";
}

function shown(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : value.toFixed(2);
}
