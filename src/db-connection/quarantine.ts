import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { uuidv7 } from '#core';
import type { Displacement } from '#database';

/** What is noted of a memory that has lost its place, from the moment that it is seen. */
export interface Rescued {
  readonly id: string;
  readonly storeId: string;
  readonly userId: string;
  /** The copy, in the quarantine. */
  readonly file: string;
  /** Where the memory was, and belongs: a file in the memory directory. */
  readonly place: string;
  readonly reason: Displacement;
  readonly rescuedAt: string;
  /** Null until it was seen to be whole. */
  readonly bytes: number | null;
  /** When it was decided to put it back, before anything was moved. */
  readonly putBackAt: string | null;
}

/** How it stands. It is lost when its server ended before the copy was whole. */
export const RESCUE_STATES = ['rescuing', 'quarantined', 'put-back', 'lost'] as const;
export type RescueState = (typeof RESCUE_STATES)[number];

/**
 * The folder in which rescued memories wait for an administrator: each is a database with a note beside it. The note says what is intended, and whether
 * the database is there says what was done, so that no crash leaves a doubt.
 */
export class Quarantine {
  readonly #notes = new Map<string, Rescued>();
  /** The newest of each store: it is asked for at every use of a memory. */
  readonly #latest = new Map<string, string>();

  private constructor(private readonly directory: string) {}

  /** Reads the notes in a folder that exists. */
  static async in(directory: string): Promise<Quarantine> {
    const quarantine = new Quarantine(directory);
    for (const file of await readdir(directory)) {
      if (!file.endsWith('.json')) continue;
      const note = parse(await readFile(join(directory, file), 'utf8'));
      if (!note) throw new Error(`The note ${file} in the quarantine can't be read. Repair it, or move it and its database away.`);
      quarantine.#keep(note);
    }
    return quarantine;
  }

  /** All that was ever rescued, the newest first. */
  list(): Rescued[] {
    return [...this.#notes.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  find(id: string): Rescued | null {
    return this.#notes.get(id) ?? null;
  }

  /** What was rescued of a store last. */
  latestOf(storeId: string): Rescued | null {
    const id = this.#latest.get(storeId);
    return id === undefined ? null : this.find(id);
  }

  /** Where the copy is, or will be. */
  pathOf({ file }: Rescued): string {
    return join(this.directory, file);
  }

  /** Notes a memory that is to be rescued, before anything is done. */
  async admit(what: Pick<Rescued, 'storeId' | 'userId' | 'place' | 'reason'>): Promise<Rescued> {
    const rescuedAt = new Date().toISOString();
    const file = `${rescuedAt.replaceAll(/[-:.]/g, '')}-${what.storeId}.db`;
    const note: Rescued = { id: uuidv7(), ...what, file, rescuedAt, bytes: null, putBackAt: null };
    // A note that can't be written must not stand between a memory and its rescue: what it says is known until this process ends.
    this.#keep(note);
    await this.#write(note);
    return note;
  }

  /** Notes more. */
  async update(note: Rescued, changes: Partial<Pick<Rescued, 'bytes' | 'putBackAt'>>): Promise<Rescued> {
    const changed = { ...(this.#notes.get(note.id) ?? note), ...changes };
    await this.#write(changed);
    this.#keep(changed);
    return changed;
  }

  /** Removes a copy, with all that is beside it. The note goes last: it says what was to be done. */
  async remove(note: Rescued): Promise<void> {
    const path = `${note.file}.json`;
    const beside = (await readdir(this.directory)).filter((file) => file.startsWith(note.file) && file !== path);
    for (const file of [...beside, path]) await rm(join(this.directory, file), { recursive: true, force: true });
    this.#notes.delete(note.id);
    if (this.#latest.get(note.storeId) === note.id) this.#latest.delete(note.storeId);
  }

  /** The size of the copy, or null when there is none. */
  async bytesOf(note: Rescued): Promise<number | null> {
    const file = await stat(this.pathOf(note)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    return file?.size ?? null;
  }

  #keep(note: Rescued): void {
    this.#notes.set(note.id, note);
    if ((this.#latest.get(note.storeId) ?? '') < note.id) this.#latest.set(note.storeId, note.id);
  }

  /** Whole or not at all, and on the disk. */
  async #write(note: Rescued): Promise<void> {
    const path = `${this.pathOf(note)}.json`;
    const handle = await open(`${path}.draft`, 'w', 0o600);
    try {
      await handle.writeFile(JSON.stringify(note, null, 2));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(`${path}.draft`, path);
  }
}

function parse(text: string): Rescued | null {
  try {
    const note = JSON.parse(text) as Rescued;
    return typeof note.id === 'string' && typeof note.file === 'string' && typeof note.storeId === 'string' ? note : null;
  } catch {
    return null;
  }
}
