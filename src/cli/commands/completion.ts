/** `wirken completion`: a script that completes nouns and verbs, made from the tree of commands itself. */
import { fail } from "#contracts/fault.ts";
import { ok } from "#contracts/result.ts";
import { type Leaf, isGroup } from "../command.ts";
import { root } from "../root.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

export const completion: Leaf = {
  description: "print a completion script for bash, zsh or fish",
  args: { shell: { type: "positional", description: SHELLS.join(", "), required: true } },
  run: async (context, args) => {
    const shell = args.text("shell");
    const nouns = Object.keys(root.children);
    const verbs: Record<string, readonly string[]> = {};
    for (const [noun, load] of Object.entries(root.children)) {
      const node = await load();
      if (isGroup(node)) verbs[noun] = Object.keys(node.children);
    }
    if (shell === "bash") context.out.write(bash(nouns, verbs));
    else if (shell === "zsh")
      context.out.write(`autoload -U +X bashcompinit && bashcompinit\n${bash(nouns, verbs)}`);
    else if (shell === "fish") context.out.write(fish(nouns, verbs));
    else return fail("usage", "the shell is bash, zsh or fish");
    return ok(0);
  },
};

function bash(nouns: readonly string[], verbs: Readonly<Record<string, readonly string[]>>): string {
  const cases = Object.entries(verbs).map(([noun, words]) => `      ${noun}) words="${words.join(" ")}" ;;`);
  return `_wirken() {
  local words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${nouns.join(" ")}"
  elif [ "$COMP_CWORD" -eq 2 ]; then
    case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _wirken wirken
`;
}

function fish(nouns: readonly string[], verbs: Readonly<Record<string, readonly string[]>>): string {
  const lines = [`complete -c wirken -f -n __fish_use_subcommand -a '${nouns.join(" ")}'`];
  for (const [noun, words] of Object.entries(verbs)) {
    lines.push(`complete -c wirken -f -n '__fish_seen_subcommand_from ${noun}' -a '${words.join(" ")}'`);
  }
  return `${lines.join("\n")}\n`;
}
