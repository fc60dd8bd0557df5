/** A constant that takes long to make: made when it is first asked for, so that the start does not wait for it. */
export function lazily<Value extends object>(make: () => Value): () => Value {
  let made: Value | undefined;
  return () => (made ??= make());
}
