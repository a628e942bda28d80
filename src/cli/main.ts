/** The CLI role: words → command → result → exit code. */
import { existsSync } from "node:fs";
import { FAULT_EXIT, type Fault } from "#contracts/fault.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { VERSION } from "#contracts/version.ts";
import { readConfigFile } from "#host/config-file.ts";
import { readEnvironment } from "#host/env.ts";
import { configuredAuthorities, outboundFetch } from "#host/outbound-fetch.ts";
import { dataPaths } from "#host/paths.ts";
import { readMark } from "#host/run-mark.ts";
import { stopSignal } from "#host/signals.ts";
import { systemClock } from "#runtime/clock.ts";
import { systemRandom } from "#runtime/random.ts";
import { connectControl, patiently } from "./client.ts";
import { find, isGroup, parseStrictly, usageOf } from "./command.ts";
import { type Output, textOutput } from "./output.ts";
import { root } from "./root.ts";
import { STDERR, STDOUT, writeWhole } from "./standard-stream.ts";
import { processTerminal } from "./terminal.ts";
import { whyNotRunning } from "./why-not-running.ts";

/** A socket that is there and does not answer: a gateway that is being restarted, or one that was killed. */
const RESTART_MS_MAX = 2_000;

/** Runs one command. Resolves to the process's exit code. */
export async function main(words: readonly string[]): Promise<number> {
  const out = textOutput(
    words.includes("--json"),
    (text) => writeWhole(STDOUT, text),
    (text) => writeWhole(STDERR, text),
  );
  const result = await dispatch(words, out);
  if (result.ok) return result.value;
  out.fault(result.error);
  return FAULT_EXIT[result.error.code];
}

async function dispatch(words: readonly string[], out: Output): Promise<Result<number, Fault>> {
  if (words[0] === "--version" || words[0] === "version") {
    out.data({ version: VERSION }, () => [`wirken ${VERSION}`]);
    return ok(0);
  }
  const before = words.indexOf("--");
  const wantsHelp = words
    .slice(0, before < 0 ? words.length : before)
    .some((word) => word === "--help" || word === "-h");
  const found = await find(root, words[0] === "help" ? words.slice(1) : words);
  if (!found.ok) return found;
  const { node, path, words: rest } = found.value;
  if (wantsHelp || words[0] === "help" || isGroup(node)) {
    out.write(await usageOf(node, path));
    return ok(wantsHelp || words[0] === "help" || words.length === 0 ? 0 : FAULT_EXIT.usage);
  }
  const args = parseStrictly(node, path, rest);
  if (!args.ok) return args;
  const environment = readEnvironment();
  if (!environment.ok) return environment;
  const paths = dataPaths(environment.value.dataDir);
  using stopping = stopSignal();
  return await node.run(
    {
      environment: environment.value,
      paths,
      out,
      terminal: processTerminal(),
      clock: systemClock,
      random: systemRandom,
      signal: stopping.signal,
      fetch: fetchOf(paths.config),
      connect: async () => {
        const msMax = existsSync(paths.controlSocket) ? RESTART_MS_MAX : 0;
        const client = await patiently(() => connectControl(paths.controlSocket), systemClock, msMax);
        return client.ok ? client : err(whyNotRunning(client.error, readMark(paths.keeperMark)));
      },
    },
    args.value,
  );
}

/** Fetch over the proxy and authorities of the configuration, which is read when something is asked for. */
function fetchOf(path: string): (url: string, init?: RequestInit) => Promise<Response> {
  return (url, init = {}) => {
    const config = readConfigFile(path);
    const authorities = config.ok ? configuredAuthorities(config.value.network) : config;
    if (!config.ok || !authorities.ok) return Promise.reject(new Error("config.json cannot be used"));
    const through = outboundFetch(fetch, config.value.network, authorities.value);
    return through.ok ? through.value(url, init) : Promise.reject(new Error(through.error.message));
  };
}
