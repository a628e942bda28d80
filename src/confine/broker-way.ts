/** How a program in an empty network of its own finds the broker, its only way out. */

/** In a network that holds nothing else, any port is free. */
export const BROKER_PORT = 3_128;

const PROXY = `http://127.0.0.1:${BROKER_PORT}`;

/**
 * What programs read to find a proxy; most know one spelling alone, and Node.js looks only where it is told
 * to.
 */
export const BROKER_VARIABLES = {
  HTTP_PROXY: PROXY,
  HTTPS_PROXY: PROXY,
  http_proxy: PROXY,
  https_proxy: PROXY,
  NODE_USE_ENV_PROXY: "1",
} as const;
