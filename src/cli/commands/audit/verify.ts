/** `wirken audit verify`: is the record intact? Exit 0 intact, 1 not, 2 cannot read (docs/audit-cli.md). */
import { auditCrypto } from "#audit/node-crypto.ts";
import { type Anchor, type Verdict, parseAnchor, verifySettled } from "#audit/verify-log.ts";
import type { Fault } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { visible } from "#contracts/visible.ts";
import { readFileBounded } from "#host/files.ts";
import type { Leaf } from "../../command.ts";
import { DB_ARG, logFile, publishedKeys } from "../../log-file.ts";

const NOT_INTACT = 1;
const CANNOT_READ = 2;
const ANCHOR_BYTES_MAX = 65_536;

export const verify: Leaf = {
  description: "check the whole record offline: every hash, head, checkpoint and key",
  args: {
    ...DB_ARG,
    keys: {
      type: "string",
      description: "folder with log.pub and agents/<id>/identity.pub",
      valueHint: "DIR",
    },
    anchor: {
      type: "string",
      description:
        "a public key (64 hex digits) or a checkpoint file kept elsewhere; may be given more than once",
      valueHint: "HEX|FILE",
    },
  },
  json: true,
  run: async (context, args) => {
    const anchors = readAnchors(args.all("anchor"));
    if (!anchors.ok) return anchors;
    const folder = args.text("keys") ?? (args.text("db") === undefined ? context.paths.root : undefined);
    const published = folder === undefined ? [] : publishedKeys(folder);
    const file = logFile(context, args);
    const options = { anchors: anchors.value, published, signerState: undefined };
    const started = context.clock.monotonic();
    const verdict = await verifySettled(file, options, auditCrypto(), context.clock);
    if (!verdict.ok) {
      context.out.fault(verdict.error);
      return ok(CANNOT_READ);
    }
    const seconds = (context.clock.monotonic() - started) / 1_000;
    context.out.data(verdict.value.report, () => lines(verdict.value, seconds));
    return ok(verdict.value.report.ok ? 0 : NOT_INTACT);
  },
};

function lines({ report, recovered, uncovered, limit }: Verdict, seconds: number): readonly string[] {
  const counts = `${report.rows} rows, ${report.sessions} sessions, ${report.heads} heads, ${report.checkpoints} checkpoints`;
  const checked = `checked offline in ${seconds.toFixed(2)} s`;
  const notShown = `level L${report.level}, ${limit}`;
  const tail = [
    ...(uncovered > 0 ? [`${uncovered} rows are not signed yet`] : []),
    ...(recovered > 0 ? [`${recovered} rows were found unsigned after a crash: durable, without force`] : []),
  ];
  if (report.ok) return [`intact: ${counts}; ${checked}`, ...tail, notShown, ...anchorHint(report.anchored)];
  const problems = report.problems.map(
    (problem) =>
      `row ${problem.id} (${visible(problem.session)} #${problem.seq}): ${problem.reason}${problem.detail === "" ? "" : `: ${visible(problem.detail)}`}`,
  );
  return [
    `NOT INTACT: ${report.problems.length} problem${report.problems.length === 1 ? "" : "s"}; ${counts}; ${checked}`,
    ...problems,
    ...tail,
    notShown,
  ];
}

function anchorHint(anchored: boolean): readonly string[] {
  return anchored ? [] : ["anchored: no; keep `wirken audit checkpoint` elsewhere and pass it with --anchor"];
}

function readAnchors(given: readonly string[]): Result<readonly Anchor[], Fault> {
  const anchors: Anchor[] = [];
  for (const text of given) {
    const file = /^[0-9a-f]{64}$/.test(text) ? undefined : readFileBounded(text, ANCHOR_BYTES_MAX);
    if (file?.ok === false) return file;
    const anchor = parseAnchor(file === undefined ? text : new TextDecoder().decode(file.value));
    if (!anchor.ok) return anchor;
    anchors.push(anchor.value);
  }
  return ok(anchors);
}
