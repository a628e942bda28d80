/** How a command ended, as its outcome: the output with one line that says the end. */
import type { BoxReport } from "#contracts/box-link.ts";
import { LIMITS } from "#contracts/limits.ts";
import { failed } from "./outcome.ts";
import type { OutputCollector } from "./output-collector.ts";
import type { ToolOutcome } from "./tool.ts";

const GIBIBYTE = 1_073_741_824;

const ENDED = {
  time: `ended after ${LIMITS.exec_ms_max / 1_000} s, the longest a command may take`,
  memory: `ended: it used more than ${LIMITS.exec_memory_bytes_max / 1_048_576} MiB of memory`,
  processes: `ended: it started more than ${LIMITS.exec_processes_max} processes`,
  disk: `ended: it wrote more than ${LIMITS.box_disk_bytes_max / GIBIBYTE} GiB, or the disk was nearly full`,
  stopped: "stopped",
} as const satisfies Record<Exclude<BoxReport["verdict"], "none">, string>;

/**
 * @param report `undefined` when whoever guarded the run was ended
 * @param leftovers processes that outlived the command and were ended
 */
export function endOf(
  report: BoxReport | undefined,
  leftovers: number,
  collector: OutputCollector,
): ToolOutcome {
  const { text, truncated } = collector.text();
  const shown = { bytes: collector.bytes, truncated };
  const close = (note: string): string => `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}[${note}]`;
  if (report === undefined)
    return { ...failed("guard", close("its guard was ended; outcome unknown")), ...shown };
  if (report.verdict !== "none") return { ...failed(report.verdict, close(ENDED[report.verdict])), ...shown };
  const left = leftovers > 0 ? `; ended ${leftovers} left running` : "";
  if (report.code === null) {
    return { ...failed("signal", close(`ended by ${report.signal ?? "a signal"}${left}`)), ...shown };
  }
  const exit = { ...shown, output: close(`exit ${report.code}${left}`), exitCode: report.code };
  return report.code === 0 ? { ok: true, ...exit } : { ok: false, code: "exit", ...exit };
}
