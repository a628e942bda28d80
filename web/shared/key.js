// The page's key: made here, never leaves the browser, signs every request (docs/formats/pages.md, "Login").

const DATABASE = "wirken";
const STORE = "keys";
const NAME = "page";
const COUNTER = "counter-";
const DOMAIN = new TextEncoder().encode("wirken/page/v1\0");

/** Takes the one-time token out of the address at once, so that no history and no copied link holds it. */
export function takeToken() {
  const token = /^#t=([A-Za-z0-9_-]{16,128})$/.exec(location.hash)?.[1];
  if (token !== undefined) history.replaceState(null, "", location.pathname);
  return token;
}

/** The key that an earlier visit made, or undefined. */
export async function storedKey() {
  return await inStore("readonly", (store, done) => {
    const asking = store.get(NAME);
    asking.onsuccess = () => done(asking.result);
  });
}

/** Keeps a key (the counters of earlier ones stay: a tab that is open may still sign with one); CryptoKey objects are stored as handles, their private half cannot be read out. */
export async function keepKey(key) {
  await inStore("readwrite", (store, done) => {
    store.put(key, NAME).onsuccess = () => done();
  });
}

/** A new key pair: Ed25519 where the browser has it, else ECDSA over P-256. */
export async function newKey() {
  try {
    const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"]);
    return await described("Ed25519", pair);
  } catch {
    const curve = { name: "ECDSA", namedCurve: "P-256" }; // the browser has no Ed25519
    return await described("ES256", await crypto.subtle.generateKey(curve, false, ["sign", "verify"]));
  }
}

async function described(algorithm, pair) {
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const id = hex(new Uint8Array(await crypto.subtle.digest("SHA-256", raw)));
  return { algorithm, id, privateKey: pair.privateKey, publicKey: base64(raw) };
}

/** The four headers that sign a request. */
export async function signedHeaders(key, method, path, body) {
  const timeMs = Date.now();
  const counter = await nextCounter(key);
  const message = await signedBytes({ method, path, body, timeMs, counter });
  const how = key.algorithm === "Ed25519" ? "Ed25519" : { name: "ECDSA", hash: "SHA-256" };
  const signature = new Uint8Array(await crypto.subtle.sign(how, key.privateKey, message));
  return {
    "x-wirken-key": key.id,
    "x-wirken-time": String(timeMs),
    "x-wirken-counter": String(counter),
    "x-wirken-signature": base64(signature),
  };
}

/** `"wirken/page/v1"0 ‖ lp(method) ‖ lp(path) ‖ H(body) ‖ i64 timeMs ‖ u64 counter`. */
async function signedBytes({ method, path, body, timeMs, counter }) {
  const encoder = new TextEncoder();
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(body)));
  const parts = [
    DOMAIN,
    prefixed(encoder.encode(method)),
    prefixed(encoder.encode(path)),
    hash,
    u64(timeMs),
    u64(counter),
  ];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * Grows by one with every request of a key, over reloads and over the tabs that share it, in one transaction: no two
 * requests get the same number. The gateway takes each once, and those that arrive out of order within its window.
 */
async function nextCounter(key) {
  const name = COUNTER + key.id;
  return await inStore("readwrite", (store, done) => {
    const asking = store.get(name);
    asking.onsuccess = () => {
      const next = (asking.result ?? 0) + 1;
      store.put(next, name).onsuccess = () => done(next);
    };
  });
}

/** Runs `act(store, done)` in one transaction; resolves to what `done` was called with once it is complete. */
function inStore(mode, act) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const transaction = database.transaction(STORE, mode);
      let result;
      act(transaction.objectStore(STORE), (value) => {
        result = value;
      });
      transaction.oncomplete = () => {
        database.close();
        resolve(result);
      };
      transaction.onabort = () => {
        database.close();
        reject(transaction.error);
      };
    };
  });
}

function prefixed(bytes) {
  const out = new Uint8Array(4 + bytes.length);
  new DataView(out.buffer).setUint32(0, bytes.length);
  out.set(bytes, 4);
  return out;
}
function u64(number) {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(number));
  return out;
}
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
function base64(bytes) {
  return btoa(String.fromCharCode(...bytes));
}
