/**
 * The files of a page, as the executable carries them: an exact name or nothing, so no path can climb
 * anywhere.
 */

export interface Asset {
  readonly type: string;
  readonly body: string;
}
/** Path (`/`, `/chat.css`) → file. */
export type Assets = ReadonlyMap<string, Asset>;

const TYPES = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
} as const;

/** Builds the table; the content type follows from the name's end. */
export function assetsOf(
  kind: keyof typeof TYPES,
  files: { readonly [path: string]: string },
): readonly [string, Asset][] {
  return Object.entries(files).map(([path, body]) => [path, { type: TYPES[kind], body }]);
}
