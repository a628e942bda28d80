/** Matrix runs the kit's suite against a homeserver that refuses what the specification does not allow. */
import { runConformance } from "#kit/conformance.case.ts";
import { matrixWorld } from "./world.case.ts";

runConformance({
  name: "matrix",
  make: () => matrixWorld(),
  skip: [
    {
      reason:
        "a transaction id makes it known: asked again, the homeserver names the first event (matrix.test.ts)",
      tests: ["a send with an unknown outcome is reported and never repeated"],
    },
  ],
});
