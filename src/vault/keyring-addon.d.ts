/**
 * The keychain's native addon for the target, put in place by build.ts; its value is the embedded file's
 * path.
 */
declare module "#keyring-addon" {
  const path: string;
  export default path;
}
