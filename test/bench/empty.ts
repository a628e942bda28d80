/** A program that does nothing: what a compiled executable costs before its first statement. */
export {};
