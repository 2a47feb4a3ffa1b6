/** What is held of an instance. It is good until the lease is disposed, however long that takes. */
export interface Lease<T> extends AsyncDisposable {
  readonly instance: T;
  /** Gives the instance back, once: disposing a lease again does nothing. It never throws. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** @param release is called once, by the first disposal; the later ones wait for it. */
export function lease<T>(instance: T, release: () => Promise<void>): Lease<T> {
  let released: Promise<void> | null = null;
  return { instance, [Symbol.asyncDispose]: () => (released ??= release()) };
}
