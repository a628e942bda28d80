/** The closed set of reasons to refuse bytes from a peer (docs/formats/frames.md, "Refusal codes"). */

/** Rules on the bytes of a message, checked before any field is read, in this order. */
export const STRUCTURE_REFUSALS = [
  "length", // outside 16 bytes … the maximum, or not a multiple of 8
  "segments", // not exactly one segment that fills the message
  "capability", // a pointer of the capability kind
  "far_pointer",
  "zero_size", // void lists, zero-size structs and elements
  "bounds", // a struct or list that is not inside the segment
  "depth",
  "pointers", // more pointers than allowed
  "budget", // words reached more than once: cycles, aliasing
] as const;
export type StructureRefusal = (typeof STRUCTURE_REFUSALS)[number];

/** Rules on the fields, checked by the schema-driven reader; the same rules refuse a value before it is written. */
export const WIRE_REFUSALS = [
  ...STRUCTURE_REFUSALS,
  "shape", // a pointer of another kind or size than the schema's
  "missing", // a null pointer where a struct must be
  "union", // a discriminant that the schema does not know
  "enum", // an enumerant that the schema does not know
  "number", // outside ±(2^53 − 1) or outside the field's own range
  "text_nul", // text without its terminator
  "text_utf8",
  "data_length", // a key, nonce, signature or hash of another length
  "limit", // longer than the bound of its field
  "id", // an id of ours that its parser does not take
  "normal_form", // readable, but not the bytes the writer makes
] as const;
export type WireRefusal = (typeof WIRE_REFUSALS)[number];

/** Rules on a signed frame and what it carries, after the handshake. */
export const FRAME_REFUSALS = [
  ...WIRE_REFUSALS,
  "not_signed", // another frame than `signed` after the handshake
  "counter",
  "signature",
  "chunk", // a chunk out of order, too many open, or too much together
  "direction", // a payload that this side never takes
] as const;
export type FrameRefusal = (typeof FRAME_REFUSALS)[number];
