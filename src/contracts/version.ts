/** The version of the program: set by build.ts, `source` when it runs from its sources. */
declare const WIRKEN_VERSION: string;

export const VERSION: string = typeof WIRKEN_VERSION === "string" ? WIRKEN_VERSION : "source";
