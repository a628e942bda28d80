/** Schemas of the bodies that pages send (page-api.ts). Only the gateway loads this. */
import { z } from "zod";
import { LIMITS } from "./limits.ts";

const conversation = z.string().min(1).max(128);
const text = z.string().min(1).max(LIMITS.inbound_text_bytes_max);
const approvalId = z.string().max(64);

export const pageAuthSchema = z.strictObject({
  keyId: z.string().regex(/^[0-9a-f]{64}$/),
  timeMs: z.int().min(0),
  counter: z.int().min(1),
  signature: z.base64().max(256),
});
export const pageRequestSchema = z.strictObject({
  httpMethod: z.enum(["GET", "POST"]),
  path: z.string().max(2_048),
  body: z.string().max(LIMITS.page_body_bytes_max * 2),
  auth: pageAuthSchema,
});
export const pageRegisterSchema = z.strictObject({
  token: z.string().min(16).max(128),
  algorithm: z.enum(["Ed25519", "ES256"]),
  publicKey: z.base64().max(256),
});
export const emptySchema = z.strictObject({});
export const conversationSchema = z.strictObject({ conversation });
export const sendSchema = z.strictObject({ conversation, text, eventId: z.string().min(8).max(64) });
export const answerSchema = z.strictObject({
  conversation: conversation.optional(),
  approvalId,
  verdict: z.enum(["approve", "deny"]),
  remember: z.boolean().default(false),
  why: z.string().max(1_000).default(""),
});
export const againSchema = z.strictObject({ approvalId });
export const undoSchema = z.strictObject({ conversation, call: z.string().max(64) });
export const timelineSchema = z.strictObject({
  before: z.int().min(1).optional(),
  limit: z.int().min(1).max(500).default(100),
  view: z
    .enum(["all", "waiting", "denied", "approved", "left_this_computer", "foreign", "admin", "failures"])
    .default("all"),
  query: z.string().max(256).default(""),
});
export const rowSchema = z.strictObject({ id: z.int().min(1) });
export const rawSchema = z.strictObject({ after: z.int().min(0), limit: z.int().min(1).max(2_000) });
