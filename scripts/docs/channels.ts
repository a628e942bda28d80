/** docs/channels.md: the signatures that keep channels apart, the programs that do not compile, what platforms can do. */
import { join } from "node:path";
import ts from "typescript";
import { ADAPTER_CHANNELS, CHANNEL_TRAITS, type ChannelTraits } from "#contracts/channel.ts";
import { fenced, GENERATED, table } from "./markdown.ts";

const SEALED = [
  ["src/ipc/authenticated-channel.ts", "AuthenticatedChannel"],
  ["src/session/handle.ts", "SessionHandle"],
] as const;
const PROGRAMS = "test/types/illegal.test-d.ts";
const EXPECTS = /^\s*\/\/ @ts-expect-error (.+)$/;
/** The part of the programs that is about channels ends at the first line that is about secrets. */
const CHANNEL_WORDS = /SessionHandle|AuthenticatedChannel|handle|telegram|webchat|egress/i;

/** The whole document. `sourceRoot`: the repository's folder. */
export async function channels(sourceRoot: string): Promise<string> {
  const read = (path: string): Promise<string> => Bun.file(join(sourceRoot, path)).text();
  const sealed: string[] = [];
  for (const [path, name] of SEALED) {
    sealed.push(`### \`${name}<C>\` (\`${path}\`)`, fenced("ts", signatures(await read(path), name)));
  }
  const illegal = illegalPrograms(await read(PROGRAMS)).filter(([program]) => CHANNEL_WORDS.test(program));
  return `${[
    "# Channels, kept apart",
    GENERATED,
    "An answer must never leave by another channel than the one it was asked on. Two types see to that, each sealed twice: " +
      "in the type system by a symbol that no other module can name, and at run time by a private field that only the " +
      "class's own maker sets. A clone, a proxy or an object of the same shape is refused.",
    "The channel comes from the connection's handshake. What a frame says about itself is only ever compared with it " +
      "(`requireMatch`). What the router, the agent's answer and the outbound frame carry is `SessionHandle<C>`.",
    "## The signatures",
    ...sealed,
    "The member `[sealed]` is a function of `C` that gives `C` back. That makes the type invariant: a handle for Telegram " +
      "neither fits a function for WebChat, nor widens to a handle for every channel. `anyChannel` is the one way to the " +
      "general type, and there is no way back.",
    "## Programs that do not compile",
    `From \`${PROGRAMS}\`; \`test/types/illegal.test.ts\` runs the compiler over it and fails when one of them compiles.`,
    table(
      ["program", "why not"],
      illegal.map(([program, why]) => [`\`${program}\``, why]),
    ),
    "## What each platform can do",
    `Adapters in this version: ${ADAPTER_CHANNELS.join(", ")}. \`cli\` and \`console\` are surfaces without an adapter. The ` +
      "other rows are facts about platforms that no adapter serves here. The last column is the highest tier that may be " +
      "approved there unless the operator chose otherwise.",
    traits(),
  ].join("\n\n")}\n`;
}

/** The seal and the class's public face: everything but bodies and private fields. */
function signatures(source: string, name: string): string {
  const file = ts.createSourceFile("source.ts", source, ts.ScriptTarget.Latest, true);
  const lines: string[] = [];
  for (const node of file.statements) {
    if (ts.isVariableStatement(node) && node.getText().startsWith("declare const"))
      lines.push(node.getText());
    if (!ts.isClassDeclaration(node) || node.name?.text !== name) continue;
    const members = node.members.filter((member) => !isHidden(member)).map((member) => face(member, file));
    const generics = node.typeParameters?.map((parameter) => parameter.getText()).join(", ") ?? "";
    lines.push("", `class ${name}<${generics}> {`, ...members, "}");
  }
  return lines.join("\n");
}

/** Private fields, and the body behind overloads: callers see neither. */
function isHidden(member: ts.ClassElement): boolean {
  if (member.name === undefined) return false;
  if (ts.isPrivateIdentifier(member.name)) return true;
  if (!ts.isMethodDeclaration(member) || member.body === undefined) return false;
  const name = member.name.getText();
  if (!ts.isClassDeclaration(member.parent)) return false;
  return member.parent.members.some(
    (other) => ts.isMethodDeclaration(other) && other.body === undefined && other.name.getText() === name,
  );
}

function face(member: ts.ClassElement, file: ts.SourceFile): string {
  const body =
    ts.isMethodDeclaration(member) || ts.isConstructorDeclaration(member) || ts.isGetAccessor(member)
      ? member.body
      : undefined;
  const text = file.text;
  const docs = ts.getJSDocCommentsAndTags(member).map((doc) => `  ${doc.getText(file)}\n`);
  const whole = text.slice(member.getStart(file), body?.getStart(file) ?? member.getEnd()).trimEnd();
  return `${docs.join("")}  ${whole.endsWith(";") ? whole : `${whole};`}`;
}

/** Each expected error: the statement below it, on one line, and the words of the expectation. */
function illegalPrograms(source: string): readonly (readonly [string, string])[] {
  const lines = source.split("\n");
  return lines.flatMap((line, at) => {
    const why = EXPECTS.exec(line)?.[1];
    const program = lines[at + 1]?.trim();
    return why === undefined || program === undefined ? [] : [[program, why] as const];
  });
}

function traits(): string {
  const yes = (value: boolean): string => (value ? "yes" : "–");
  return table(
    [
      "channel",
      "longest text",
      "written as",
      "buttons",
      "edits",
      "threads",
      "typing",
      "streams",
      "approves up to",
    ],
    Object.entries<ChannelTraits>(CHANNEL_TRAITS).map(([name, of]) => [
      `\`${name}\``,
      of.text_chars_max.toLocaleString("en-US"),
      of.dialect,
      yes(of.buttons),
      yes(of.edits),
      yes(of.threads),
      yes(of.typing),
      yes(of.streaming),
      `tier ${of.approve_up_to}`,
    ]),
  );
}
