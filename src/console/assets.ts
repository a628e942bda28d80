/** `web/console` and `web/shared`, embedded. */
// oxlint-disable import/default -- imported as text, so the default export is the text itself
import approvals from "#web/console/approvals.js" with { type: "text" };
import consoleCss from "#web/console/console.css" with { type: "text" };
import drawer from "#web/console/drawer.js" with { type: "text" };
import html from "#web/console/index.html" with { type: "text" };
import main from "#web/console/main.js" with { type: "text" };
import processes from "#web/console/processes.js" with { type: "text" };
import record from "#web/console/record.js" with { type: "text" };
import timelineCss from "#web/console/timeline.css" with { type: "text" };
import { type Assets, assetsOf } from "#pages/assets.ts";
import { sharedAssets } from "#pages/shared-assets.ts";

export const consoleAssets: Assets = new Map([
  ...sharedAssets,
  ...assetsOf("html", { "/": html }),
  ...assetsOf("css", { "/console.css": consoleCss, "/timeline.css": timelineCss }),
  ...assetsOf("js", {
    "/approvals.js": approvals,
    "/drawer.js": drawer,
    "/main.js": main,
    "/processes.js": processes,
    "/record.js": record,
  }),
]);
