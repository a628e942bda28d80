// Times, durations and sizes as people read them; and characters that would lie about text, made visible.

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });
const COUNT = new Intl.NumberFormat("en-US");

/** `14:02:11`. */
export function clockTime(ms) {
  return CLOCK.format(ms);
}
/** `Tuesday 24 November`, or Today and Yesterday. */
export function dayOf(ms) {
  const days = Math.round((startOfDay(Date.now()) - startOfDay(ms)) / 86_400_000);
  return days === 0 ? "Today" : days === 1 ? "Yesterday" : DAY.format(ms);
}
/** `0.3 s`, `12 s`, `2 min 5 s`. */
export function duration(ms) {
  if (ms < 50) return "<0.1 s";
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
/** `12 s ago`, `3 min ago`, `2 h ago`, `5 days ago`. */
export function ago(ms) {
  const seconds = Math.max(0, Math.round((Date.now() - ms) / 1_000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} days ago`;
}
/** `14:48`: minutes and seconds that are left. */
export function left(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
/** `1,204`. */
export function count(number) {
  return COUNT.format(number);
}
/** `1 row`, `1,204 rows`. */
export function plural(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}
const WALLS = {
  no_new_privileges: ["No new rights", "no program it starts can gain rights"],
  seccomp: ["System calls", "dangerous ones are refused by the kernel"],
  landlock: ["Files and ports", "only its own folders, enforced by the kernel"],
};

/** The name of a wall and what it does, in words; an unknown one by its own name. */
export function wallName(name) {
  return WALLS[name] ?? [name.replaceAll("_", " "), ""];
}

/** `28 MB`. */
export function megabytes(bytes) {
  return bytes > 0 ? `${(bytes / 1_048_576).toFixed(bytes < 10_485_760 ? 1 : 0)} MB` : "–";
}

// Controls but tab and newline; embeddings, overrides and isolates, which reorder what follows them.
// oxlint-disable-next-line no-control-regex -- control characters are what it is for
const LYING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Text with such characters as ⟦U+202E⟧. */
export function visible(text) {
  return text.replace(
    LYING,
    (found) => `⟦U+${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}⟧`,
  );
}

function startOfDay(ms) {
  return new Date(ms).setHours(0, 0, 0, 0);
}
