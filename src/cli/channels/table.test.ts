/** The table of channels says the same as the table of what adapters need. */
import { expect, test } from "bun:test";
import { ADAPTER_CHANNELS } from "#contracts/channel.ts";
import { needsOf } from "#contracts/channel-needs.ts";
import { parseBaseUrl } from "#kit/base-url.ts";
import { setupOf } from "./table.ts";

for (const channel of ADAPTER_CHANNELS.filter((name) => name !== "webchat")) {
  test(`setupOf asks for what ${channel} cannot do without, and knows its server`, () => {
    const setup = setupOf(`${channel}:second`);
    if (setup === undefined) throw new Error("a channel without a row");
    const asked = setup.asks.map(({ name }) => name);
    expect(asked).toEqual(expect.arrayContaining([...needsOf(channel).credentials]));
    expect(new Set(asked).size).toBe(asked.length);
    if (setup.apiBase === undefined) expect(needsOf(channel).reach).toBe("own_server");
    else expect(parseBaseUrl(setup.apiBase)).toEqual({ ok: true, value: setup.apiBase });
  });
}

test("setupOf knows nothing of pages, of prototypes and of other words", () => {
  for (const word of ["webchat", "cli", "console", "toString", "__proto__", "", "tele"]) {
    expect(setupOf(word)).toBeUndefined();
  }
});
