/** Discord's message text as a person sees it: marks gone, escapes resolved, masked links and pings named apart. */
export interface Shown {
  readonly text: string;
  readonly links: readonly string[];
}

const RULES: readonly {
  readonly form: RegExp;
  readonly show: (groups: readonly string[]) => string;
  readonly link?: number;
}[] = [
  { form: /^```(?:[\w+#-]*\n)?([^]*?)\n?```/, show: ([, code = ""]) => code },
  { form: /^`` ?([^]*?) ?``(?!`)/, show: ([, code = ""]) => code },
  { form: /^`([^`]+)`/, show: ([, code = ""]) => code },
  { form: /^\\([^A-Za-z0-9\s])/, show: ([, character = ""]) => character },
  { form: /^\[((?:\\.|[^\]\\])+)\]\(<?([^\s>)]+)>?\)/, show: ([, text = ""]) => shownOf(text).text, link: 2 },
  { form: /^(?:\*\*|~~|__|\*|\|\|)/, show: () => "" },
];

/** Reads a message's content. */
export function shownOf(content: string): Shown {
  let text = "";
  const links: string[] = [];
  let rest = content;
  while (rest !== "") {
    const hit = RULES.map((rule) => ({ rule, found: rule.form.exec(rest) })).find(
      ({ found }) => found !== null,
    );
    if (hit?.found === undefined || hit.found === null) {
      text += rest.slice(0, 1);
      rest = rest.slice(1);
      continue;
    }
    text += hit.rule.show(hit.found);
    if (hit.rule.link !== undefined) links.push(hit.found[hit.rule.link] ?? "");
    rest = rest.slice(hit.found[0].length);
  }
  return { text, links };
}

/** Who would be pinged by a content under its `allowed_mentions`; everybody whom it names where those are missing. */
export function pingsOf(content: string, allowed: unknown): readonly string[] {
  if (
    typeof allowed === "object" &&
    allowed !== null &&
    JSON.stringify(Reflect.get(allowed, "parse")) === "[]"
  )
    return [];
  return content.match(/@everyone|@here|(?<!\\)<@[!&]?\d+>/g) ?? [];
}
