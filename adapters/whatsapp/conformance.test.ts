/** WhatsApp runs the kit's suite against a Cloud API that refuses what Meta's rules do not allow. */
import { runConformance } from "#kit/conformance.case.ts";
import { whatsappWorld } from "./world.case.ts";

runConformance({
  name: "whatsapp",
  make: () => whatsappWorld(),
  skip: [
    {
      reason: "WhatsApp has no edits: the outcome quotes the request, see whatsapp.test.ts",
      tests: ["shows the exact call with its answers, and closes visibly"],
    },
  ],
});
