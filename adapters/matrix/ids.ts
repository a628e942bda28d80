/**
 * Matrix identifiers (https://spec.matrix.org/v1.11/appendices/#identifier-grammar), checked before they
 * become a part of an address. They are immutable: a user's name and a room's alias may change, these may
 * not.
 */
const SERVER = String.raw`[A-Za-z0-9.-]{1,230}(?::\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::\d{1,5})?`;
const USER = new RegExp(String.raw`^@[\x21-\x39\x3b-\x7e]{0,254}:(?:${SERVER})$`);
const ROOM = /^![\x21-\x7e]{1,254}$/;
const EVENT = /^\$[\x21-\x7e]{1,254}$/;
const MEDIA = new RegExp(String.raw`^mxc://(${SERVER})/([A-Za-z0-9_-]{1,255})$`);

/** True for the id of a person or a bot: `@ana:example.org`. */
export function isUserId(text: string): boolean {
  return text.length <= 255 && USER.test(text);
}

/** True for a room's id: `!…`. */
export function isRoomId(text: string): boolean {
  return ROOM.test(text);
}

/** True for an event's id: `$…`. */
export function isEventId(text: string): boolean {
  return EVENT.test(text);
}

/**
 * A media address as the path of its download, with no slash at its beginning; `undefined` for what is
 * none.
 */
export function mediaPath(address: string): string | undefined {
  const [, server, id] = MEDIA.exec(address) ?? [];
  return server === undefined || id === undefined ? undefined : `${encodeURIComponent(server)}/${id}`;
}
