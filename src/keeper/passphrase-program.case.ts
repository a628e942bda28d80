/** For the passphrase's test: a program that becomes itself again without the variable, and says what it sees then. */
import { readFileSync } from "node:fs";
import { readEnvironment, remainingEnvironment } from "#host/env.ts";
import { ownArguments } from "#host/own-arguments.ts";
import { PASSPHRASE_FD_OPTION, becomeWithout, passphraseFrom } from "./passphrase.ts";

const words = ownArguments();
const environment = readEnvironment();
if (!environment.ok) process.exit(2);
const given = environment.value.passphrase;
if (given !== undefined) {
  const result = becomeWithout(given, words, remainingEnvironment());
  process.stderr.write(result.ok ? "" : result.error.message);
  process.exit(3);
}
const read = passphraseFrom(Number(words[words.indexOf(PASSPHRASE_FD_OPTION) + 1]));
const seen = {
  pid: process.pid,
  words: words.slice(0, 2),
  environ: readFileSync("/proc/self/environ", "latin1"),
  cmdline: readFileSync("/proc/self/cmdline", "latin1"),
  passphrase: read.ok ? read.value.use((text) => text) : read.error.message,
};
process.stdout.write(JSON.stringify(seen));
