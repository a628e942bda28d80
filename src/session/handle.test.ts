import { expect, test } from "bun:test";
import { newConversationId, parseAgentId, parseInstanceId, sessionIdOf } from "#contracts/ids.ts";
import { fixedRandom } from "#runtime/random.ts";
import { SessionHandle, type SessionPlace } from "./handle.ts";

function place(): SessionPlace {
  const agent = parseAgentId("default");
  const instance = parseInstanceId("telegram");
  if (!agent.ok || !instance.ok) throw new Error("fixture");
  const conversation = newConversationId((count) => fixedRandom().bytes(count));
  return {
    session: sessionIdOf(agent.value, instance.value, conversation),
    agent: agent.value,
    instance: instance.value,
    conversation,
    platformConversation: "-100",
    thread: "7",
  };
}

test("SessionHandle.open carries its place unchanged and frozen", () => {
  const source = place();
  const handle = SessionHandle.open("telegram", source);
  expect(handle.place).toEqual(source);
  expect(Object.isFrozen(handle.place)).toBe(true);
  expect(handle.session).toBe(source.session);
});

test("SessionHandle.is accepts its own channel and no other", () => {
  const handle = SessionHandle.open("telegram", place());
  expect(SessionHandle.is(handle, "telegram")).toBe(true);
  expect(SessionHandle.is(handle, "webchat")).toBe(false);
});

test("SessionHandle.is refuses everything that open did not make", () => {
  const handle = SessionHandle.open("telegram", place());
  const forgeries: readonly unknown[] = [
    null,
    "telegram",
    { channel: "telegram", place: place() },
    Object.assign({}, handle),
    structuredClone({ channel: handle.channel }),
    new Proxy(handle, {}),
    Object.create(SessionHandle.prototype),
    Object.create(handle),
  ];
  for (const forgery of forgeries) expect(SessionHandle.is(forgery, "telegram")).toBe(false);
});

test("SessionHandle cannot be constructed without its mint", () => {
  const forge = (): unknown =>
    Reflect.construct(SessionHandle, [Symbol("SessionHandle"), "telegram", place()]);
  expect(forge).toThrow("sealed");
});
