/** The name of the user that the program runs as, for people: "as user ana". */
import { userInfo } from "node:os";
import { readFileBounded } from "./files.ts";

const PASSWD_BYTES_MAX = 4 * 1_048_576;

/** The name behind our user id: from `/etc/passwd`, since the runtime only repeats the variable USER; else "id 501". */
export function userName(passwd = "/etc/passwd"): string {
  const { uid, username } = userInfo();
  const bytes = readFileBounded(passwd, PASSWD_BYTES_MAX);
  const lines = bytes.ok ? new TextDecoder().decode(bytes.value).split("\n") : [];
  const name = lines.map((line) => line.split(":")).find((fields) => fields[2] === String(uid))?.[0];
  if (name !== undefined && /^[\w.-]{1,64}$/.test(name)) return name;
  return username === "" || username === "unknown" ? `id ${uid}` : username;
}
