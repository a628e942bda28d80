/** Telegram runs the kit's suite against a Bot API that refuses what the specification does not allow. */
import { runConformance } from "#kit/conformance.case.ts";
import { telegramWorld } from "./world.case.ts";

runConformance({ name: "telegram", make: () => telegramWorld(), skip: [] });
