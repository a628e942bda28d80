/**
 * Does a value stand in what the asking person typed? The information-flow rules ask this of destinations
 * and queries (docs: policy, Labels). A value stands there only as a whole: `a.com` does not stand in
 * `ba.com` or `a.com.evil.net`.
 */

/** Characters that continue a word, a host or a path on either side of a match. */
const CONTINUES = /[\p{L}\p{N}\p{M}_@%&=+~/\\:-]/u;

/** True when `value` stands in `words` as a whole, letter case ignored. An empty value stands nowhere. */
export function standsIn(words: string, value: string): boolean {
  if (value === "") return false;
  const hay = words.toLowerCase();
  const needle = value.toLowerCase();
  for (let at = hay.indexOf(needle); at !== -1; at = hay.indexOf(needle, at + 1)) {
    if (!continuesBefore(hay, at) && !continuesAfter(hay, at + needle.length)) return true;
  }
  return false;
}

/** True when `host` stands in `words` alone or as the host of a URL that the person typed. */
export function hostStandsIn(words: string, host: string): boolean {
  if (host === "") return false;
  if (standsIn(words, host)) return true;
  const urls = words.match(/https?:\/\/[^\s<>"'`]+/gi) ?? [];
  return urls.some((url) => {
    // A user part, a backslash or anything odd in the authority is read differently by different parsers.
    const authority = /^https?:\/\/([^/?#]*)/i.exec(url)?.[1] ?? "";
    if (!/^[\p{L}\p{N}.-]+(:\d{1,5})?$|^\[[0-9a-f:]+\](:\d{1,5})?$/iu.test(authority)) return false;
    return authority.replace(/:\d{1,5}$/, "").toLowerCase() === host.toLowerCase();
  });
}

/**
 * True when a path carries no query, or every value of its query stands in `words`.
 * A name without a value counts as a value, and so does a name beside an empty value: both can carry data.
 */
export function queryStandsIn(words: string, path: string): boolean {
  const start = path.indexOf("?");
  if (start === -1) return true;
  const query = path.slice(start + 1);
  if (standsIn(words, path) || standsIn(words, query)) return true;
  return query.split("&").every((pair) => {
    const [name = "", ...rest] = pair.split("=");
    const value = decoded(rest.join("="));
    const nameText = decoded(name);
    if (value === undefined || nameText === undefined) return false;
    return nameText.length <= 16 && /^[a-z]+$/.test(nameText) && standsIn(words, value);
  });
}

function continuesBefore(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 1), at);
  return before === "." || CONTINUES.test(before);
}

function continuesAfter(text: string, at: number): boolean {
  const after = text.charAt(at);
  // A dot ends a sentence, or goes on with a longer host or file name.
  if (after === ".") return /[\p{L}\p{N}_-]/u.test(text.charAt(at + 1));
  return CONTINUES.test(after);
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
