import { uuidv7 } from '#core';

/** What an instance is known by. */
export interface PoolKey {
  /** Whose it is. */
  readonly owner: string;
  /** What it is an instance of, among what its owner has. */
  readonly name: string;
  /** Of everything that it is made from: equal hashes mean that one instance is as good as another. */
  readonly hash: string;
}

/** An instance, from when it is begun to be made until it is about to be disposed. */
export class Entry<T> {
  readonly id = uuidv7();
  readonly making = Promise.withResolvers<T>();
  /** Null while it is being made; then somebody waits for it, so it is held. */
  instance: T | null = null;
  holders = 0;
  /** No longer handed out. */
  ended = false;
  madeAtMs: number;
  usedAtMs: number;

  constructor(
    readonly key: PoolKey,
    nowMs: number,
  ) {
    this.madeAtMs = nowMs;
    this.usedAtMs = nowMs;
  }
}

/** The instances that there are, and which of them are handed out. */
export class Inventory<T> {
  /** In the order of last use. */
  readonly #entries = new Set<Entry<T>>();
  /** What is handed out, by owner and name and then by hash; what was asked for last stands last. */
  readonly #named = new Map<string, Map<string, Entry<T>>>();

  get size(): number {
    return this.#entries.size;
  }

  /** All of them, those that were used least recently first. They may be forgotten on the way. */
  all(): Iterable<Entry<T>> {
    return this.#entries;
  }

  /** What is handed out for a key, or null. */
  find(key: PoolKey): Entry<T> | null {
    return this.#named.get(nameOf(key))?.get(key.hash) ?? null;
  }

  /** What is handed out of one owner under one name. */
  named(key: PoolKey): readonly Entry<T>[] {
    return [...(this.#named.get(nameOf(key))?.values() ?? [])];
  }

  /** Whether another configuration of its name was asked for since. */
  isSuperseded(entry: Entry<T>): boolean {
    return this.named(entry.key).at(-1) !== entry;
  }

  /** It was asked for: it becomes the last of its name, and is handed out from now on. */
  asked(entry: Entry<T>): void {
    this.withdraw(entry);
    const name = nameOf(entry.key);
    this.#named.set(name, (this.#named.get(name) ?? new Map<string, Entry<T>>()).set(entry.key.hash, entry));
  }

  /** It is in use, or was until now. */
  used(entry: Entry<T>, nowMs: number): void {
    entry.usedAtMs = nowMs;
    this.#entries.delete(entry);
    this.#entries.add(entry);
  }

  /** It is no longer handed out. */
  withdraw(entry: Entry<T>): void {
    const name = nameOf(entry.key);
    const siblings = this.#named.get(name);
    // Since it was withdrawn, another may have been made for the same key.
    if (siblings?.get(entry.key.hash) !== entry) return;
    siblings.delete(entry.key.hash);
    if (siblings.size === 0) this.#named.delete(name);
  }

  /** It is no longer there. */
  forget(entry: Entry<T>): void {
    this.withdraw(entry);
    this.#entries.delete(entry);
  }
}

function nameOf({ owner, name }: PoolKey): string {
  return JSON.stringify([owner, name]);
}
