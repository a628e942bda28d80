/**
 * A small detector of text that talks to the model in place of the person. It knows some plain patterns in English and
 * German and will miss whatever is phrased otherwise; so it never blocks and never clears: a hit is a row and one more
 * reason to ask (docs: policy, "Labels").
 */
export interface InjectionPattern {
  readonly code: string;
  readonly pattern: RegExp;
}

export const INJECTION_PATTERNS: readonly InjectionPattern[] = [
  {
    code: "ignore_instructions",
    pattern:
      /\b(?:ignore|disregard|forget)\b.{0,40}\b(?:previous|prior|above|all|your)\b.{0,40}\b(?:instruction|rule)s?\b/is,
  },
  {
    code: "ignore_instructions_de",
    pattern: /\b(?:ignoriere|vergiss|missachte)\b.{0,40}\b(?:anweisungen|regeln|vorgaben|instruktionen)\b/is,
  },
  {
    code: "new_role",
    pattern: /\byou are now\b.{0,60}\b(?:mode|assistant|model|agent|developer)\b/is,
  },
  {
    code: "chat_markup",
    pattern: /<\|(?:im_start|im_end|system|assistant|endoftext)\|>|\[\/?INST\]|<<\/?SYS>>/i,
  },
  { code: "role_header", pattern: /^\s*#{0,4}\s*(?:system|assistant|developer)\s*(?:prompt|message)?\s*:/im },
  {
    code: "reveal_prompt",
    pattern:
      /\b(?:reveal|print|repeat|show)\b.{0,30}\b(?:system prompt|hidden prompt|initial instructions)\b/is,
  },
  {
    code: "exfiltrate",
    pattern:
      /\b(?:send|post|upload|forward)\b.{0,60}\b(?:password|credential|api key|token|secret|private key)s?\b/is,
  },
  {
    code: "do_not_tell",
    pattern: /\bdo not (?:tell|inform|mention (?:this )?to|alert) the (?:user|human|owner)\b/is,
  },
  { code: "tag_characters", pattern: /[\u{e0020}-\u{e007e}]{4,}/u },
];

/** Only this much is searched: the patterns are bounded, so the time is linear in it. */
const SEARCHED_CHARS_MAX = 262_144;

/** Codes of the patterns that match `text`, in the order of the table. */
export function injectionCodes(text: string): readonly string[] {
  const searched = text.slice(0, SEARCHED_CHARS_MAX);
  return INJECTION_PATTERNS.filter(({ pattern }) => pattern.test(searched)).map(({ code }) => code);
}
