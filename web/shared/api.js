// Signed requests to this page's own process, and the login before the first of them.
import { keepKey, newKey, signedHeaders, storedKey, takeToken } from "./key.js";

const SIGNATURE_TRIES = 3;

/** A request that ended with a fault. `fault`: `{code, message, hint?, reason?}`. */
export class ApiError extends Error {
  constructor(fault, status) {
    super(fault.message);
    this.name = "ApiError";
    this.fault = fault;
    this.status = status;
  }
  /** The key is unknown or refused: only a new link helps. */
  get lost() {
    return this.status === 401;
  }
}

/**
 * Logs in: with the link's token when there is one, else with the key of an earlier visit.
 * Returns the key, or undefined with the reason why there is none.
 */
export async function login() {
  const token = takeToken();
  const earlier = await storedKey().catch(() => undefined); // no storage, no earlier visit
  if (token === undefined) return { key: earlier, why: earlier === undefined ? "none" : "" };
  const key = await newKey();
  const body = JSON.stringify({ token, algorithm: key.algorithm, publicKey: key.publicKey });
  try {
    await exchange("/api/register", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
  } catch (error) {
    if (error instanceof ApiError && error.status >= 500) throw error;
    return { key: earlier, why: "used" };
  }
  await keepKey(key);
  return { key, why: "" };
}

/** The client of a key. `onLost(why)` is told when the key is refused. */
export function client(key, onLost) {
  const send = async (method, path, body, signal) => {
    for (let tries = 1; ; tries += 1) {
      const signed = await signedHeaders(key, method, path, body);
      const headers = method === "POST" ? { "content-type": "application/json", ...signed } : signed;
      try {
        return await raw(path, { method, headers, signal, ...(method === "POST" ? { body } : {}) });
      } catch (error) {
        // Requests of several connections may arrive in another order than they were counted in: count anew.
        if (!(error instanceof ApiError && error.lost)) throw error;
        if (error.fault.reason !== "unknown_key" && tries < SIGNATURE_TRIES) continue;
        onLost(error.fault.reason === "stale" ? "clock" : "lost");
        throw error;
      }
    }
  };
  return {
    /** Asks a route; answers its parsed body. Throws `ApiError`, or `TypeError` when nobody answers. */
    post: async (path, body = {}) => await (await send("POST", path, JSON.stringify(body))).json(),
    /** Opens the stream after a number. */
    open: (after, signal) => send("GET", `/api/stream?after=${after}`, "", signal),
  };
}

async function exchange(path, options) {
  return await (await raw(path, options)).json();
}

async function raw(path, options) {
  const response = await fetch(path, {
    ...options,
    credentials: "omit",
    cache: "no-store",
    redirect: "error",
    referrerPolicy: "no-referrer",
  });
  if (response.ok) return response;
  const body = await response.json().catch(() => undefined); // an answer without a body of ours
  throw new ApiError(
    body?.error ?? { code: "internal", message: `status ${response.status}` },
    response.status,
  );
}
