/** Google Chat runs the kit's suite against a Chat API that refuses what Google's reference does not have. */
import { runConformance } from "#kit/conformance.case.ts";
import { googleKeys } from "#test/support/googlechat-fake/chat-api.ts";
import { chatWorld } from "./world.case.ts";

const keys = googleKeys();

runConformance({ name: "googlechat", make: () => chatWorld(keys), skip: [] });
