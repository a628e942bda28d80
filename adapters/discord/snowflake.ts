/** Discord's ids, 64-bit numbers that carry a time (https://discord.com/developers/docs/reference#snowflakes). */
const EPOCH_MS = 1_420_070_400_000n;

/** True for one of Discord's ids. */
export function isSnowflake(text: string): boolean {
  return /^\d{15,21}$/.test(text);
}

/** The time that an id carries, in Unix milliseconds. */
export function snowflakeMs(id: string): number {
  return Number((BigInt(id) >> 22n) + EPOCH_MS);
}
