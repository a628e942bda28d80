/**
 * Named places at which a test may stop an adapter dead. In the product each is a resolved promise. A test's
 * fail point never resolves and cuts the process's effects off, which is what SIGKILL does.
 */
export const FAIL_POINTS = [
  "inbound.received", // the platform's event is in memory, nothing was handed on
  "inbound.sent", // the frame left, no acknowledgement yet
  "inbound.acked", // the gateway has it durably, the cursor has not moved
  "cursor.written", // the cursor is on the disk
  "outbound.received", // the frame is in memory, the journal does not know it
  "outbound.recorded", // the journal knows it, nothing was sent
  "outbound.sending", // the journal says `sending`, no byte has left
  "outbound.sent", // the platform answered, the journal does not know it
  "outbound.noted", // the journal knows the platform's answer
  "outbound.reported", // the delivery was reported, the journal still holds the message
] as const;
export type FailPointName = (typeof FAIL_POINTS)[number];

/** Called at each named place; the caller goes on when it resolves. */
export type FailPoint = (name: FailPointName) => Promise<void>;

/** The product's fail point: never fails. */
export const noFailPoint: FailPoint = () => Promise.resolve();
