/**
 * A command that needs no shell: one program and its words, nothing that a shell would expand, redirect or interpret.
 * What is not understood beyond doubt is a script.
 */

/** Characters that mean themselves in every shell, outside quotes. */
const PLAIN = /^[A-Za-z0-9_@%+:,./-]$/;
const PLAIN_LATER = /^[A-Za-z0-9_@%+=:,./-]$/;

/** The words of the command; `undefined` when a shell has to read it. */
export function plainCommand(text: string): readonly [string, ...string[]] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let at = 0;
  while (at < text.length) {
    const character = text.charAt(at);
    if (character === " " || character === "\t") {
      if (word !== undefined) words.push(word);
      word = undefined;
      at += 1;
    } else if (character === "'" || character === '"') {
      const end = text.indexOf(character, at + 1);
      const inside = end < 0 ? undefined : quoted(text.slice(at + 1, end), character);
      if (inside === undefined) return undefined;
      word = (word ?? "") + inside;
      at = end + 1;
    } else {
      // `=` in the first word would be an assignment.
      if (!(words.length === 0 ? PLAIN : PLAIN_LATER).test(character)) return undefined;
      word = (word ?? "") + character;
      at += 1;
    }
  }
  if (word !== undefined) words.push(word);
  const [program, ...rest] = words;
  return program === undefined || program === "" ? undefined : [program, ...rest];
}

/** What a quoted part stands for; within double quotes a shell would still read `$`, backquote, backslash and `!`. */
function quoted(inside: string, quote: string): string | undefined {
  if (/[\p{Cc}]/u.test(inside)) return undefined;
  return quote === '"' && /[$`\\!]/.test(inside) ? undefined : inside;
}
