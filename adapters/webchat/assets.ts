/** `web/chat` and `web/shared`, embedded. */
// oxlint-disable import/default -- imported as text, so the default export is the text itself
import chips from "#web/chat/chips.js" with { type: "text" };
import chatCss from "#web/chat/chat.css" with { type: "text" };
import composer from "#web/chat/composer.js" with { type: "text" };
import empty from "#web/chat/empty.js" with { type: "text" };
import errors from "#web/chat/errors.js" with { type: "text" };
import html from "#web/chat/index.html" with { type: "text" };
import earlier from "#web/chat/earlier.js" with { type: "text" };
import live from "#web/chat/live.js" with { type: "text" };
import main from "#web/chat/main.js" with { type: "text" };
import rail from "#web/chat/rail.js" with { type: "text" };
import record from "#web/chat/record.js" with { type: "text" };
import requests from "#web/chat/requests.js" with { type: "text" };
import sheets from "#web/chat/sheets.js" with { type: "text" };
import threadCss from "#web/chat/thread.css" with { type: "text" };
import thread from "#web/chat/thread.js" with { type: "text" };
import tools from "#web/chat/tools.js" with { type: "text" };
import { type Assets, assetsOf } from "#pages/assets.ts";
import { sharedAssets } from "#pages/shared-assets.ts";

export const chatAssets: Assets = new Map([
  ...sharedAssets,
  ...assetsOf("html", { "/": html }),
  ...assetsOf("css", { "/chat.css": chatCss, "/thread.css": threadCss }),
  ...assetsOf("js", {
    "/chips.js": chips,
    "/composer.js": composer,
    "/empty.js": empty,
    "/errors.js": errors,
    "/earlier.js": earlier,
    "/live.js": live,
    "/main.js": main,
    "/rail.js": rail,
    "/record.js": record,
    "/requests.js": requests,
    "/sheets.js": sheets,
    "/thread.js": thread,
    "/tools.js": tools,
  }),
]);
