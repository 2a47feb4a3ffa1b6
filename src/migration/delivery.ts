import type { ImportRow } from '#memory';
import type { Memories } from './memories.js';
import type { Person } from './people.js';

/** How many rows, and how much text in UTF-16 units, wait for one memory, and how much for all together. */
const MOST_ROWS = 2048;
const MOST_TEXT = 2 * 1024 * 1024;
const MOST_TEXT_OF_ALL = 8 * 1024 * 1024;

/** After how many rows a memory is closed: until then the engine keeps what it wrote. */
const ROWS_BETWEEN_RELEASES = 10 * 2048;

interface Parcel {
  readonly person: Person | null;
  rows: ImportRow[];
  weight: number;
  sinceRelease: number;
}

/** Brings rows to the memories that they belong to, a few hundred at a time, whatever order they come in. */
export class Delivery {
  readonly #parcels = new Map<string | null, Parcel>();
  #weight = 0;

  constructor(
    private readonly memories: Memories,
    private readonly runId: string,
  ) {}

  async add(person: Person | null, row: ImportRow): Promise<void> {
    const parcel = this.#parcels.get(person?.key ?? null) ?? { person, rows: [], weight: 0, sinceRelease: 0 };
    this.#parcels.set(person?.key ?? null, parcel);
    parcel.rows.push(row);
    // A row comes as its value and as its original.
    const weight = 2 * row.original.length;
    parcel.weight += weight;
    this.#weight += weight;
    if (parcel.rows.length >= MOST_ROWS || parcel.weight >= MOST_TEXT) await this.#send(parcel);
    else if (this.#weight >= MOST_TEXT_OF_ALL) await this.flush();
  }

  /** Brings what waits. */
  async flush(): Promise<void> {
    for (const parcel of this.#parcels.values()) await this.#send(parcel);
  }

  /** Whom something was brought to. */
  recipients(): readonly (Person | null)[] {
    return [...this.#parcels.values()].map(({ person }) => person);
  }

  async #send(parcel: Parcel): Promise<void> {
    if (parcel.rows.length === 0) return;
    const { person, rows } = parcel;
    this.#weight -= parcel.weight;
    parcel.rows = [];
    parcel.weight = 0;
    await this.memories.lend(person, (store) => store.imports.receive(this.runId, rows));
    parcel.sinceRelease += rows.length;
    if (parcel.sinceRelease < ROWS_BETWEEN_RELEASES) return;
    parcel.sinceRelease = 0;
    await this.memories.release(person);
  }
}
