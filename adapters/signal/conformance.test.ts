/**
 * Signal runs the kit's suite against a daemon that refuses what signal-cli does not have: once as newer versions, that
 * can be asked for their last events again, and once as 0.13, that says each event once.
 */
import { runConformance } from "#kit/conformance.case.ts";
import { signalWorld } from "./world.case.ts";

runConformance({ name: "signal", make: () => signalWorld(), skip: [] });
runConformance({
  name: "signal without repetition",
  make: () => signalWorld(undefined, false),
  skip: [
    {
      reason: "what such a daemon writes to a connection whose reader has just died cannot be had again",
      tests: [
        "a replayed event is recorded once, also after a restart",
        "random deaths: no message lost or run twice, no piece sent twice, order kept",
      ],
    },
  ],
});
