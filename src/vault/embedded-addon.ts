/**
 * The keychain's addon inside the executable. Imported when compiled alone: from source nothing has put it
 * in place.
 */
import path from "#keyring-addon" with { type: "file" };

export const EMBEDDED_ADDON: string = path;
