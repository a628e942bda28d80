/** A hostile neighbour for tests: exchanges two names of a folder as fast as it goes, for so many milliseconds. */
import { cString, loadLibc } from "./libc.ts";

const AT_FDCWD = -100;
const RENAME_EXCHANGE = 2;

const [, , one = "", other = "", ms = "0"] = process.argv;
const libc = loadLibc();
const [left, right] = [cString(one), cString(other)];
const end = performance.now() + Number(ms);
while (libc !== undefined && performance.now() < end)
  libc.call("renameat2", AT_FDCWD, left, AT_FDCWD, right, RENAME_EXCHANGE);
