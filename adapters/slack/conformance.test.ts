/** Slack runs the kit's suite against a Slack that refuses what its documentation does not allow. */
import { runConformance } from "#kit/conformance.case.ts";
import { slackWorld } from "./world.case.ts";

runConformance({ name: "slack", make: () => slackWorld(), skip: [] });
