/**
 * Runs the scripts `test/e2e/*.txt` against the executable, each in a home of its own:
 *
 *   # a remark          $ words: must end with 0      ! words: must not      !64 words: must end with 64
 *   run [words]         starts `wirken run`           stop     stops it
 *   stdin TEXT          standard input of the next command
 *   stdout /re/, stderr /re/, not-stdout /re/         about the command before
 *   let NAME /re(.)/    keeps what the first group matched in stdout; used as {NAME}
 */
import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { basename } from "node:path";
import { type Home, type Ran, type Running, freshHome, startWirken, wirken } from "../support/binary.ts";

const scripts = [...new Glob("*.txt").scanSync(import.meta.dir)].sort();

describe("script", () => {
  test("files are found", () => expect(scripts.length).toBeGreaterThan(0));
  test.each(scripts)(
    "%s",
    async (name) => {
      await play(await Bun.file(`${import.meta.dir}/${basename(name)}`).text());
    },
    60_000,
  );
});

async function play(script: string): Promise<void> {
  // Each script's vault is kept under this passphrase: tests must not touch the machine's keychain.
  using home: Home = freshHome({ WIRKEN_VAULT_PASSPHRASE: "a passphrase for tests" });
  let running: Running | undefined;
  let last: Ran = { code: 0, stdout: "", stderr: "" };
  let stdin: string | undefined;
  const kept = new Map<string, string>();
  try {
    for (const [at, raw] of script.split("\n").entries()) {
      const line = raw.replace(/\{([A-Z]+)\}/g, (whole, key: string) => kept.get(key) ?? whole);
      const verb = line.split(" ")[0] ?? "";
      const rest = line.slice(line.indexOf(" ") + 1);
      const where = `line ${String(at + 1)}: ${line}\n--- stdout\n${last.stdout}--- stderr\n${last.stderr}`;
      if (line.trim() === "" || verb === "#") continue;
      else if (verb === "stdin") stdin = rest.replaceAll("\\n", "\n");
      else if (verb === "run") running = await startWirken(home, ["--no-open", ...words(line).slice(1)]);
      else if (verb === "stop") expect(await running?.stop(), where).toBe(0);
      else if (verb === "$" || verb.startsWith("!")) {
        last = await wirken(home, words(rest), stdin === undefined ? {} : { stdin });
        stdin = undefined;
        const told = `line ${String(at + 1)}: ${line}\n--- stdout\n${last.stdout}--- stderr\n${last.stderr}`;
        if (verb === "$") expect(last.code, told).toBe(0);
        else if (verb === "!") expect(last.code, told).not.toBe(0);
        else expect(last.code, told).toBe(Number(verb.slice(1)));
      } else if (verb === "stdout") expect(last.stdout, where).toMatch(pattern(rest));
      else if (verb === "stderr") expect(last.stderr, where).toMatch(pattern(rest));
      else if (verb === "not-stdout") expect(last.stdout, where).not.toMatch(pattern(rest));
      else if (verb === "let") {
        const [key = "", ...re] = rest.split(" ");
        const found = pattern(re.join(" ")).exec(last.stdout)?.[1];
        expect(found, where).toBeDefined();
        kept.set(key, found ?? "");
      } else throw new Error(`unknown word in a script, line ${String(at + 1)}: ${line}`);
    }
  } finally {
    await running?.stop();
  }
}

/** Words of a line; double quotes hold spaces. */
function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? "");
}

function pattern(text: string): RegExp {
  const match = /^\/(.*)\/([a-z]*)$/.exec(text.trim());
  if (match === null) throw new Error(`not a pattern: ${text}`);
  return new RegExp(match[1] ?? "", `${match[2] ?? ""}m`);
}
