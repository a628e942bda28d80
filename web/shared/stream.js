// The live stream: NDJSON over fetch, goes on after a cut where it ended, counts down to the next try.

const WAITS_S = [1, 2, 3, 5, 8, 13];
const SILENCE_MS = 40_000; // two heartbeats and a half

/**
 * Follows the stream for ever.
 * on.event(event) · on.reset(): something is missing, load anew · on.open() · on.wait(seconds): next try in
 * so many.
 */
export async function follow(api, on) {
  let after = 0;
  let failures = 0;
  for (;;) {
    try {
      await readOnce(api, after, {
        line: (line) => {
          failures = 0;
          after = line.seq;
          if (line.reset === true) on.reset();
          else if (line.event !== undefined) on.event(line.event);
        },
        open: on.open,
      });
    } catch (error) {
      if (error.lost === true) return;
    }
    const wait = WAITS_S[Math.min(failures, WAITS_S.length - 1)];
    failures += 1;
    for (let seconds = wait; seconds > 0; seconds -= 1) {
      on.wait(seconds);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}

async function readOnce(api, after, on) {
  const ended = new AbortController();
  let silence = setTimeout(() => ended.abort(), SILENCE_MS);
  try {
    const response = await api.open(after, ended.signal);
    on.open();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(silence);
      silence = setTimeout(() => ended.abort(), SILENCE_MS);
      const lines = (rest + value).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line !== "") on.line(JSON.parse(line));
    }
  } finally {
    clearTimeout(silence);
    ended.abort();
  }
}
