/**
 * What was read lately, so that a request costs no query. At most `most` values; the one unused for longest goes first.
 * A value that was being read while the cache was told to forget is not kept: it may be from before the change.
 */
export class Recent<V> {
  readonly #values = new Map<string, V>();
  #epoch = 0;

  constructor(private readonly most: number) {}

  /** The value, read when it is not known. Absence (null) is not remembered. */
  async get(key: string, read: () => Promise<V | null>): Promise<V | null> {
    const known = this.#values.get(key);
    if (known !== undefined) {
      this.#values.delete(key);
      this.#values.set(key, known);
      return known;
    }
    const epoch = this.#epoch;
    const value = await read();
    if (value !== null && epoch === this.#epoch) this.#keep(key, value);
    return value;
  }

  /** To be called after a change is committed, by whoever made it. */
  forget(): void {
    this.#epoch += 1;
    this.#values.clear();
  }

  #keep(key: string, value: V): void {
    this.#values.set(key, value);
    const [oldest] = this.#values.keys();
    if (this.#values.size > this.most && oldest !== undefined) this.#values.delete(oldest);
  }
}
