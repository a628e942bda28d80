/** Results for everything an outsider can cause; throws are for bugs. */
export type Ok<T> = { readonly ok: true; readonly value: T };
export type Err<E> = { readonly ok: false; readonly error: E };
export type Result<T, E> = Ok<T> | Err<E>;

/** A success carrying `value`. */
export function ok<T>(value: T): Ok<T> {
  return { ok: true, value };
}

/** A failure carrying `error`: a code, or a `Fault`. */
export function err<const E>(error: E): Err<E> {
  return { ok: false, error };
}

/** Ends a total `switch`: a new variant breaks the build at this line, a value from outside the type throws. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: a value outside its type (${typeof value})`);
}
