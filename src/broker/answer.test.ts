/** Answers to requests with a credential, as hostile servers frame them. */
import { expect, test } from "bun:test";
import { SecretString } from "#contracts/secret.ts";
import { answerWithout } from "./answer.ts";
import { edgeCredential } from "./rule.ts";

const SECRET = "CANARY-answer-0815";

/** What is passed on of `text` when it comes in pieces of `size`. */
function passedOn(text: string, size: number): string {
  const secret = SecretString.take(new TextEncoder().encode(SECRET));
  const edge = edgeCredential("lab", { header: "x-key", prefix: "", secret });
  if (!edge.ok) throw new Error("a credential");
  const change = answerWithout(edge.value);
  const out: Uint8Array[] = [];
  for (let at = 0; at < text.length; at += size) {
    out.push(change.push(Buffer.from(text.slice(at, at + size), "latin1")));
  }
  out.push(change.end());
  return Buffer.concat(out).toString("latin1");
}

const chunk = (text: string): string => `${text.length.toString(16)};x=y\r\n${text}\r\n`;
const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nx-a: b\r\n\r\n";
const blot = "*".repeat(SECRET.length);

test.each([1, 2, 7, 10_000])("answerWithout joins chunks that come %d bytes at a time", (size) => {
  const cut = `${chunk(`a${SECRET.slice(0, 5)}`)}${chunk(SECRET.slice(5, 6))}${chunk(`${SECRET.slice(6)}z`)}0\r\n\r\n`;
  const whole = `HTTP/1.1 200 OK\r\nx-a: b\r\n\r\na${blot}z`;
  expect(passedOn(`${head}${cut}`, size)).toBe(whole);
  expect(passedOn(`HTTP/1.1 100 Continue\r\n\r\n${head}${cut}`, size)).toBe(
    `HTTP/1.1 100 Continue\r\n\r\n${whole}`,
  );
  expect(passedOn(`${head}${cut}X-Key: ${SECRET}\r\n\r\n`, size)).toBe(whole); // behind its end
});

test.each([1, 10_000])(
  "answerWithout leaves an answer of a known length as long as it was, %d at a time",
  (size) => {
    const body = `one ${SECRET} two ${btoa(SECRET)}`;
    const answer = `HTTP/1.1 200 ${SECRET}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    const out = passedOn(answer, size);
    expect(out.length).toBe(answer.length);
    expect(out).not.toContain(SECRET);
    expect(out).not.toContain(btoa(SECRET));
  },
);

test.each([
  `zz\r\n${SECRET}`,
  `-1\r\n${SECRET}`,
  `fffffffff\r\n${SECRET}`,
  `2\r\nabX${SECRET}`,
  "1".repeat(70_000),
])("answerWithout passes nothing on of a chunk that is none", (body) => {
  const out = passedOn(`${head}${body}`, 10);
  expect(out.replace("ab", "")).toBe("HTTP/1.1 200 OK\r\nx-a: b\r\n\r\n");
});
