import type { MemoryStore } from '#memory';
import type { Person } from './people.js';

/** Where the rows of people go; null stands for nobody. A plan has copies that are thrown away, a run the memories themselves. */
export interface Memories {
  lend<T>(person: Person | null, fn: (store: MemoryStore) => Promise<T>): Promise<T>;

  /** Closes a memory that nobody uses: what the engine keeps of what it wrote is given back. It is opened again for whoever asks. */
  release(person: Person | null): Promise<void>;
}
