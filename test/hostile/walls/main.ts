/** `npm run redteam:walls`: prints the table role × attack as it is on this machine. Ends with 1 on a surprise. */
import { landlockAbi } from "#confine/landlock.ts";
import { loadLibc } from "#host/libc.ts";
import { COLUMNS } from "./columns.ts";
import { accounts, ATTACK_NAMES, buildBench, judged, surprises, type Table } from "./table.ts";

const libc = loadLibc();
using bench = buildBench();
for (const account of accounts()) {
  const { table } = await bench.measure(account);
  console.log(`\nAs ${account.name}; Landlock ABI ${String(libc === undefined ? 0 : landlockAbi(libc))}.\n`);
  console.log(lines(table).join("\n"));
  for (const surprise of surprises(table, account)) {
    console.log(`not as expected: ${surprise}`);
    process.exitCode = 1;
  }
}

function lines(table: Table): readonly string[] {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const head = [row(["attack", ...COLUMNS]), row(["---", ...COLUMNS.map(() => "---")])];
  const cell = (column: (typeof COLUMNS)[number], attack: (typeof ATTACK_NAMES)[number]): string =>
    column === "no walls"
      ? (table[column][attack] ?? "")
      : `${judged(table, column, attack)}: ${table[column][attack] ?? ""}`;
  return [
    ...head,
    ...ATTACK_NAMES.map((attack) => row([attack, ...COLUMNS.map((column) => cell(column, attack))])),
  ];
}
