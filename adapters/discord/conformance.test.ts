/** Discord runs the kit's suite against a Discord that refuses what its own description does not allow. */
import { runConformance } from "#kit/conformance.case.ts";
import { discordWorld } from "./world.case.ts";

runConformance({ name: "discord", make: () => discordWorld(), skip: [] });
