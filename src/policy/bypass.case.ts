/**
 * The ways in which reading commands were made to do something else (docs/attacks.md): by shape, each with the defence
 * that has to stop it, named by its answer. An answer for another reason would hide that the defence is gone.
 */
import type { InspectProblem } from "./shell-inspect.ts";
import { quotedWords } from "./shell-words.ts";

export const SHAPES: Readonly<Record<string, readonly [InspectProblem, ...string[]]>> = {
  "a here-document": ["redirection", "cat <<E\nx\nE", "cat <<'E' | head\nx\nE", "cat <<-E\n\tx\n\tE"],
  "a here-document that hides a command": ["redirection", "cat <<E; ls\n$(id)\nE\n"],
  "a multi-call program": [
    "command",
    "busybox ls",
    "busybox sh -c id",
    "toybox cat a",
    "coreutils --coreutils-prog=ls",
  ],
  "an abbreviated option": [
    "command",
    "sort --outp=x a",
    "sort --comp=./x a",
    "tree --outp x",
    "date --se x",
    "ls --al",
  ],
  "a command of the shell alone, whose word a shell would take for a script": [
    "command",
    "cd src",
    "cd ./x.sh",
    "cd .",
  ],
  "a wrapper": [
    "command",
    ..."env ls|nohup ls|xargs ls|nice ls|stdbuf -o0 ls|setsid ls|sudo ls|timeout 1 ls|command ls|exec ls|eval ls".split(
      "|",
    ),
    ..."builtin ls|chroot . ls|unshare ls|script -c ls|watch ls|parallel ls|doas ls|ionice ls|strace ls|ltrace ls".split(
      "|",
    ),
  ],
  "a shell or an interpreter": [
    "command",
    ..."sh -c ls|bash -c ls|dash a|zsh a|python3 -c 1|node -e 1|perl -e 1|ruby a|awk 1 a|gawk 1|bun a|wirken ls".split(
      "|",
    ),
    ..."ed a|vi a|emacs a|m4 a|make|lua a|php a|deno eval 1|jq . a|. ./a|source a".split("|"),
  ],
  "a program of the workspace": ["command", "./ls", "src/ls", "/usr/bin/ls", "/tmp/ls", "../ls", "bin/../ls"],
  "another letter case": ["command", "LS", "Cat a", "gIT log"],
  "PATH bound anew": ["expansion", "PATH=. ls", "PATH=.:$PATH ls", "A=1 PATH=. ls -la"],
  "a variable before the command": [
    "expansion",
    ..."LD_PRELOAD=./x ls|GIT_EXTERNAL_DIFF=./x git diff|BASH_ENV=./x ls|PAGER=./x git log|IFS=x ls".split(
      "|",
    ),
  ],
  "a variable alone": ["expansion", "A=1", "PATH=.; ls", "IFS=/; ls"],
  "a line continued": ["command", "so\\\nrt -\\\no x a", "ls -la \\\n; id", "ls |\\\nid", "so\\\n\\\nrt -ox"],
  "a second line": ["command", "ls\nid", "ls\n\n\nid\n", "ls;\nid", "ls |\nid"],
  "a carriage return": ["hidden_character", "ls\rid", "ls\r\nid", "ls '\r'"],
  "a NUL or another control character": [
    "hidden_character",
    "ls \0id",
    "ls \u001b[8m",
    "ls \u0008",
    "ls \u0085id",
  ],
  "a character that is not seen": [
    "hidden_character",
    ..."\u200b|\u202e|\u2066|\ufeff|\u00ad|\u00a0|\u3000|\u2028|\u1680|\u{e0061}"
      .split("|")
      .map((seen) => `ls ${seen}x`),
  ],
  "a look-alike": ["command", "l\u0455", "\u0441at a", "ls\uff1bid", "\uff4cs", "ls \u2014l | \u0456d"],
  "$IFS as a space": ["expansion", "ls$IFS-la", "ls${IFS}-la", "cat${IFS}/etc/passwd"],
  "a parameter": ["expansion", "cat $HOME/x", 'cat "$HOME"', "ls $@", "ls $0", "ls ${x:-/etc}", "ls $1$'a'"],
  "a comment": ["comment", "ls # -la", "ls #", "# all of it\nls", "ls # \\\nid", "ls;#x"],
  "a pattern": ["expansion", "cat *", "cat ?", "ls -[o]", "cat a*", "ls s[r]c", "c?t a"],
  "a home folder": ["expansion", "cat ~/.ssh/id_rsa", "ls ~", "ls ~root", "ls a=~/b", "ls a:~/b"],
  braces: ["expansion", "cat {/etc/passwd,a}", "ls {1..9}", "{ls,-la}", "ls HEAD@{1}"],
  "a process substitution": ["differs", "diff <(id) <(id)", "ls >(id)", "cat <(id)"],
  arithmetic: ["expansion", "head -$((5)) a", "ls $((id))", 'ls "$((1))"'],
  "a command substitution": [
    "expansion",
    "ls $(id)",
    "ls `id`",
    'ls "$(id)"',
    'ls "`id`"',
    "ls ${x:-$(id)}",
    "$(id)",
  ],
  "quotes of another kind": ["expansion", "ls $'\\x2fetc'", "$'ls'", 'ls $"x"', "ls a$'b'"],
  "a function": ["group", "ls() { id; }; ls", "ls ( ) ( id )", "f() { ls; }"],
  "an alias": ["command", "alias ls=id; ls", "unalias ls; ls", "ls; alias"],
  "a group": ["group", "(ls)", "{ ls; }", "(ls; id)", "! ls", "ls | (cat)"],
  "words of the shell's own": [
    "compound",
    "if ls; then id; fi",
    "while ls; do id; done",
    "time ls",
    "[[ a ]]",
    "coproc ls",
  ],
  "the background": ["background", "ls &", "ls & cat a", "ls -la & "],
  "other shells' operators": [
    "differs",
    "ls &> x",
    "ls |& cat",
    "cat <<< x",
    "((ls))",
    "ls;; cat",
    "ls 12> x",
  ],
  "a redirection": [
    "redirection",
    ..."ls > x¦ls >> x¦ls >| x¦ls <> x¦ls 2> x¦ls >& x¦ls 3>&1¦ls 1> x¦> x ls¦ls >/dev/null >x".split("¦"),
    "ls > /dev/nullx",
    "ls > '/dev/null '",
    "ls > /dev/../x",
    "cat < /etc/passwd",
    "cat < ../x",
    "ls >& 3",
    "ls <&3",
    "ls > $X",
    "ls 4</dev/null",
  ],
  "the worst part": [
    "command",
    "ls | sort -o x",
    "ls && id",
    "ls; id",
    "ls || id",
    "id | ls",
    "ls | cat | tee x",
    "ls | sh",
  ],
  "git's own options": [
    "command",
    ..."-c core.pager=./x|-c alias.log=!id|-C /|--git-dir=x|--work-tree=/|--exec-path=.|--config-env=a=B|-p|--bare"
      .split("|")
      .map((option) => `git ${option} log`),
  ],
  "git's commands that act": [
    "command",
    ..."checkout a|config a b|commit|push|fetch|clone x|gc|clean -f|stash|branch x|branch -D x|tag x|remote add a b"
      .split("|")
      .map((words) => `git ${words}`),
    ..."st|difftool|mergetool|grep -O x|submodule foreach ls|bisect run ls|rebase -x ls|archive --remote=x"
      .split("|")
      .map((words) => `git ${words}`),
    "git",
  ],
  "git beside a shell": [
    "beside_shell",
    "git log | head",
    "git status; ls",
    "git diff 2>/dev/null",
    "ls && git log",
  ],
  "git's options that run or write": [
    "command",
    ..."--ext-diff|--textconv|--output=x|--outpu=x|--show-signature|--no-index a /etc/b|-O/etc/x"
      .split("|")
      .map((option) => `git diff ${option}`),
  ],
  "find's acts": [
    "command",
    ..."-exec id ;|-execdir id ;|-ok id ;|-okdir id ;|-delete|-fprint x|-fprintf x y|-fls x|-files0-from x"
      .split("|")
      .map((act) => `find . ${quotedWords(act.split(" "))}`),
  ],
  "sort's output and helpers": [
    "command",
    ..."-o x|-ox|-uo x|--output=x|--compress-program=./x|-T x|-S1M --files0-from=x|--random-source=x"
      .split("|")
      .map((option) => `sort ${option} a`),
  ],
  "an archive": [
    "command",
    "tar --checkpoint-action=exec=id -cf x a",
    "tar tf a",
    "zip a b",
    "unzip -l a",
    "7z l a",
  ],
  "rg's helpers": [
    "command",
    "rg --pre cat x",
    "rg --hostname-bin=./x y",
    "rg -z x",
    "rg --search-zip x",
    "rg --pre-glob a x",
  ],
  "a pager or an editor": [
    "command",
    "less a",
    "more a",
    "man ls",
    "view a",
    "git -p log",
    "most a",
    "vim -R a",
  ],
  "a file of arguments": [
    "command",
    ..."file -f names|wc --files0-from=x|du --files0-from=x|grep -f /etc/passwd a|tree --fromfile x|xargs -a x ls".split(
      "|",
    ),
  ],
  "flags that write or set": [
    "command",
    ..."date -s x|date 01010000|date -us x|tree -o x|tree -R|file -C|file -p a|hostname x|uniq a b|tail -f a".split(
      "|",
    ),
  ],
  "sed's commands": [
    "command",
    "sed -i 1p a",
    "sed -n 'w x' a",
    "sed 1e a",
    "sed s/a/b/w a",
    "sed -n '1p;w x' a",
    "sed '1p\\' a",
  ],
  "a path that leaves": [
    "command",
    ..."cat /etc/passwd|cat ../x|cat a/../../x|cat ./../x|ls /|ls ..|grep -f/etc/x a|grep --file=/x a|date -r/etc/x".split(
      "|",
    ),
    "cat ''",
    "cat a -- /etc/passwd",
    "cat 'a/../b'",
    "cd .. && ls",
    "cd / && ls",
    "cd - && ls",
    "cd && ls",
  ],
  "a flag in the place of a value": [
    "command",
    "ls -I -x",
    "sort -k -o a",
    "grep -e -f a",
    "cut -d -o a",
    "tree -P -o x",
  ],
  "a word that is none of the command's": [
    "command",
    "pwd x",
    "tr a b c",
    "diff a b c",
    "git branch --list x",
    "date x",
  ],
};
