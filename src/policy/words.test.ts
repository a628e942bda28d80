import { expect, test } from "bun:test";
import { hostStandsIn, queryStandsIn, standsIn } from "./words.ts";

const TABLE: readonly [string, string, boolean][] = [
  ["write to ben please", "ben", true],
  ["Write to Ben.", "ben", true],
  ["write to benno", "ben", false],
  ["run: uname -a", "uname -a", true],
  ["read a.com.evil.net", "a.com", false],
  ["read ba.com", "a.com", false],
  ["read a.com", "a.com", true],
  ["delete /etc/hosts", "hosts", false],
  ["ben@evil.net", "ben", false],
  ["x", "", false],
  ["aben ben", "ben", true],
];
test.each(TABLE)("standsIn %p holds %p: %p", (words, value, expected) => {
  expect(standsIn(words, value)).toBe(expected);
});

const HOSTS: readonly [string, string, boolean][] = [
  ["fetch https://example.com/a?b=c", "example.com", true],
  ["fetch https://example.com:8443/", "example.com", true],
  ["fetch https://example.com@evil.net/", "example.com", false],
  ["fetch https://example.com\\@evil.net/", "example.com", false],
  ["fetch https://evil.net/example.com", "example.com", false],
  ["fetch https://evil.net/?u=https://example.com", "example.com", false],
  ["look at example.com", "example.com", true],
  ["look at notexample.com", "example.com", false],
];
test.each(HOSTS)("hostStandsIn %p holds %p: %p", (words, host, expected) => {
  expect(hostStandsIn(words, host)).toBe(expected);
});

const QUERIES: readonly [string, string, boolean][] = [
  ["", "/a", true],
  ["search weather", "/s?q=weather", true],
  ["search weather", "/s?q=secret", false],
  ["search weather", "/s?q=weather&x=secret", false],
  ["search weather", "/s?weather", true],
  ["search weather", "/s?secretdata=", false],
  ["search weather", "/s?SECRETDATA=weather", false],
  ["search a b", "/s?q=a+b", true],
  ["search a", "/s?q=%ff", false],
  ["", "/s?", false],
];
test.each(QUERIES)("queryStandsIn %p covers %p: %p", (words, path, expected) => {
  expect(queryStandsIn(words, path)).toBe(expected);
});
