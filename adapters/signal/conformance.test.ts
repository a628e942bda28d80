/** Signal runs the kit's suite against a daemon that refuses what signal-cli does not have. */
import { runConformance } from "#kit/conformance.case.ts";
import { signalWorld } from "./world.case.ts";

runConformance({ name: "signal", make: () => signalWorld(), skip: [] });
