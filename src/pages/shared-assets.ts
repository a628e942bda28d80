/** `web/shared`, embedded: what both pages load. */
// oxlint-disable import/default -- imported as text, so the default export is the text itself
import api from "#web/shared/api.js" with { type: "text" };
import approvalCss from "#web/shared/approval.css" with { type: "text" };
import approval from "#web/shared/approval.js" with { type: "text" };
import base from "#web/shared/base.css" with { type: "text" };
import dom from "#web/shared/dom.js" with { type: "text" };
import gate from "#web/shared/gate.js" with { type: "text" };
import key from "#web/shared/key.js" with { type: "text" };
import mark from "#web/shared/mark.svg" with { type: "text" };
import inline from "#web/shared/markdown-inline.js" with { type: "text" };
import markdown from "#web/shared/markdown.js" with { type: "text" };
import prose from "#web/shared/prose.css" with { type: "text" };
import stream from "#web/shared/stream.js" with { type: "text" };
import verdict from "#web/shared/verdict.js" with { type: "text" };
import words from "#web/shared/words.js" with { type: "text" };
import { type Asset, assetsOf } from "./assets.ts";

export const sharedAssets: readonly (readonly [string, Asset])[] = [
  ...assetsOf("css", {
    "/shared/approval.css": approvalCss,
    "/shared/base.css": base,
    "/shared/prose.css": prose,
  }),
  ...assetsOf("svg", { "/shared/mark.svg": mark }),
  ...assetsOf("js", {
    "/shared/api.js": api,
    "/shared/approval.js": approval,
    "/shared/dom.js": dom,
    "/shared/gate.js": gate,
    "/shared/key.js": key,
    "/shared/markdown-inline.js": inline,
    "/shared/markdown.js": markdown,
    "/shared/stream.js": stream,
    "/shared/verdict.js": verdict,
    "/shared/words.js": words,
  }),
];
