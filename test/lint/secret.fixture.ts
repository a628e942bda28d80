/** Deliberately wrong: the lint must refuse each marked line, because the compiler alone accepts them. */
import { SecretString } from "#contracts/secret.ts";

export function leaks(secret: SecretString): readonly string[] {
  return [
    `token: ${secret}`, // refused
    "token: " + secret, // refused
  ];
}
