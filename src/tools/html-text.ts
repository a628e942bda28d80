/** Readable text out of HTML: headings, paragraphs, lists, links; no script, style or markup. */

const SKIPPED = "script, style, noscript, template, svg, iframe, object, head > *:not(title)";
const BLOCKS =
  "p, div, section, article, main, header, footer, aside, nav, ul, ol, table, tr, blockquote, pre, form, " +
  "dl, dt, dd, figure";
const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  ndash: "–",
  mdash: "—",
  hellip: "…",
  lsquo: "‘",
  rsquo: "’",
  ldquo: "“",
  rdquo: "”",
  copy: "©",
  middot: "·",
  bull: "•",
};

/** The text of a page. Links are followed by their address in brackets. */
export async function htmlText(html: string): Promise<string> {
  let out = "";
  let skipping = 0;
  const add = (text: string): void => {
    if (skipping === 0) out += text;
  };
  const rewriter = new HTMLRewriter()
    .on(SKIPPED, {
      element: (element) => {
        if (!element.canHaveContent || element.selfClosing) return;
        skipping += 1;
        element.onEndTag(() => {
          skipping -= 1;
        });
      },
    })
    .on("h1, h2, h3, h4, h5, h6", {
      element: (element) => {
        add(`\n\n${"#".repeat(Number(element.tagName.slice(1)))} `);
        element.onEndTag(() => add("\n\n"));
      },
    })
    .on("title", { element: (element) => element.onEndTag(() => add("\n\n")) })
    .on(BLOCKS, {
      element: (element) => {
        add("\n");
        if (element.canHaveContent && !element.selfClosing) element.onEndTag(() => add("\n"));
      },
    })
    .on("li", { element: () => add("\n- ") })
    .on("br, hr", { element: () => add("\n") })
    .on("td, th", { element: () => add("\t") })
    .on("a[href]", {
      element: (element) => {
        const href = element.getAttribute("href") ?? "";
        if (/^https?:\/\//i.test(href)) element.onEndTag(() => add(` [${href}]`));
      },
    })
    .onDocument({ text: (chunk) => add(chunk.text.replace(/\s+/g, " ")) });
  await rewriter.transform(new Response(html)).text();
  return tidy(decoded(out));
}

function tidy(text: string): string {
  return text
    .replace(/[^\S\n]+/g, " ")
    .replace(/ ?\n ?/g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

function decoded(text: string): string {
  return text.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]{2,8});/gi, (whole, name: string) => {
    if (!name.startsWith("#")) return ENTITIES[name] ?? whole;
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    const valid = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
    return valid ? String.fromCodePoint(code) : "\ufffd";
  });
}
