import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { StoreSwitched } from '#core';
import { DatabaseBroken, DatabaseCorrupt, removeDrafts, StatementFailed } from '#database';
import { CatalogService } from '../catalog/catalog.service.js';
import { Config } from '../config/config.js';
import type { OpenMemory } from './open-memory.js';
import { Quarantine, RESCUE_STATES, type Rescued, type RescueState } from './quarantine.js';
import { Switches } from './switches.service.js';

/** After so many attempts that failed, the next ones come no rarer. */
const RAREST = 5;
/** After so many, what can't be read is given up. */
const HOPELESS = 3;

/** A memory that has lost its place and could not be copied yet. It stays open: nowhere else is what is in it. */
interface Stranded {
  readonly open: OpenMemory;
  failures: number;
  /** How many times it is still to be left alone. */
  rest: number;
}

/**
 * Brings memories to safety whose files went away under the running server, and keeps their stores from being used until they are put back: what is in
 * their place by then is not what their people have written.
 */
@Injectable()
export class RescuesService implements OnModuleInit {
  readonly #log = new Logger(RescuesService.name);
  readonly #stranded = new Map<string, Stranded>();
  readonly #closing = new Map<OpenMemory, Promise<void>>();
  /** Rescues that keep no store from being used any more. */
  readonly #over = new Set<string>();
  #quarantine: Quarantine | null = null;

  constructor(
    private readonly config: Config,
    private readonly catalog: CatalogService,
    private readonly switches: Switches,
  ) {}

  async onModuleInit(): Promise<void> {
    const directory = join(this.config.dataDir, 'quarantine');
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await chmod(directory, 0o700);
    await removeDrafts(directory);
    this.#quarantine = await Quarantine.in(directory);
    // Copies that were whole when the server ended, but not entered.
    for (const note of this.#quarantine.list()) if (note.bytes === null) await this.#enter(note);
    await this.#reportWaiting();
  }

  /** What was rescued in an earlier life of the server, and is not put back, is a switch still. */
  async #reportWaiting(): Promise<void> {
    for (const note of this.quarantine.list()) {
      if (this.quarantine.latestOf(note.storeId)?.id !== note.id || (await this.stateOf(note)) !== 'quarantined') continue;
      this.#report(note);
    }
  }

  #report({ storeId, userId, place, reason }: Pick<Rescued, 'storeId' | 'userId' | 'place' | 'reason'>): void {
    this.switches.report({
      kind: reason,
      storeId,
      userId,
      file: place,
      reason: `The file of a memory was ${reason} under the running server. What is in it is in the quarantine or on its way there: put it back by /api/v2/migration/rescues.`,
    });
  }

  /** What was rescued, by note. */
  get quarantine(): Quarantine {
    if (!this.#quarantine) throw new Error('The quarantine is read when the server starts.');
    return this.#quarantine;
  }

  async stateOf(note: Rescued): Promise<RescueState> {
    if (this.#stranded.has(note.storeId) && note.bytes === null) return 'rescuing';
    if ((await this.quarantine.bytesOf(note)) !== null) return 'quarantined';
    return note.putBackAt === null ? 'lost' : 'put-back';
  }

  /** How many there are in each state. */
  async countByState(): Promise<ReadonlyMap<RescueState, number>> {
    const counts = new Map<RescueState, number>(RESCUE_STATES.map((state) => [state, 0]));
    for (const note of this.quarantine.list()) {
      const state = await this.stateOf(note);
      counts.set(state, (counts.get(state) ?? 0) + 1);
    }
    return counts;
  }

  /** @throws StoreSwitched while what was rescued of a store is not put back. */
  async assertInPlace(storeId: string): Promise<void> {
    const note = this.quarantine.latestOf(storeId);
    if (!note || this.#over.has(note.id)) return;
    const state = await this.stateOf(note);
    if (state === 'put-back' || state === 'lost') {
      this.#over.add(note.id);
      return;
    }
    throw new StoreSwitched(
      'The file of your memory was moved, replaced or overwritten while the server ran. ' +
        (state === 'quarantined'
          ? 'Its content was brought to safety; an administrator has to put it back.'
          : 'Its content is being brought to safety; an administrator has to put it back then.'),
    );
  }

  /** Closes a memory, and rescues it when it has lost its place. @throws when it could not be rescued; then it is tried again by `retry`. */
  close(open: OpenMemory, graceMs?: number): Promise<void> {
    // Whoever wants the same at the same time shares one attempt: each counts.
    const begun = this.#closing.get(open);
    if (begun) return begun;
    const closing = this.#close(open, graceMs).finally(() => this.#closing.delete(open));
    this.#closing.set(open, closing);
    return closing;
  }

  async #close(open: OpenMemory, graceMs?: number): Promise<void> {
    const { storeId, userId, location } = open.store;
    let note: Rescued | null = null;
    try {
      await open.memory.close(graceMs, async (reason) => {
        const earlier = this.#stranded.has(storeId) ? this.quarantine.latestOf(storeId) : null;
        if (!earlier) {
          this.#stranded.set(storeId, { open, failures: 0, rest: 0 });
          this.#report({ storeId, userId, place: location, reason });
        }
        note = earlier
          ? await this.quarantine.update(earlier, {})
          : await this.quarantine.admit({ storeId, userId, place: location, reason });
        return this.quarantine.pathOf(note);
      });
    } catch (error) {
      await this.#failed(open, error);
      throw error;
    }
    if (note) await this.#enter(note);
    this.#stranded.delete(storeId);
    await open.left(note ? 'in-doubt' : 'as-ours');
  }

  /** Tries again what could not be rescued; what has failed often, not every time. */
  async retry(): Promise<void> {
    for (const stranded of this.#stranded.values()) {
      if (stranded.rest > 0) stranded.rest -= 1;
      else if (stranded.failures > 0) await stranded.open.close().catch(() => undefined);
    }
  }

  /** Removes all that was rescued of a store which is to be erased. @returns how many copies there were. */
  async forget(storeId: string): Promise<number> {
    const stranded = this.#stranded.get(storeId);
    this.#stranded.delete(storeId);
    await stranded?.open.memory.close().catch(() => undefined);
    const notes = this.quarantine.list().filter((note) => note.storeId === storeId);
    for (const note of notes) await this.quarantine.remove(note);
    return notes.length;
  }

  /** One last attempt at the end of the server. */
  async finish(): Promise<void> {
    for (const { open } of this.#stranded.values()) {
      await open.close().catch(() => undefined);
      if (this.#stranded.has(open.store.storeId)) await this.#giveUp(open);
    }
  }

  /** A full disk may be emptied; what was written over the file, while it was not at hand in the engine, comes back no more. */
  async #failed(open: OpenMemory, error: unknown): Promise<void> {
    const { storeId, userId, location } = open.store;
    this.#log.error({ storeId, userId, file: location, err: error }, 'a memory could not be closed or brought to safety');
    const stranded = this.#stranded.get(storeId);
    if (!stranded) return open.left('in-doubt');
    stranded.rest = 2 ** Math.min(stranded.failures, RAREST) - 1;
    stranded.failures += 1;
    const unreadable = error instanceof DatabaseCorrupt || error instanceof DatabaseBroken || error instanceof StatementFailed;
    if (unreadable && stranded.failures >= HOPELESS) await this.#giveUp(open);
  }

  async #giveUp({ store, memory, left }: OpenMemory): Promise<void> {
    const { storeId, userId, location } = store;
    this.#log.error({ storeId, userId, file: location }, 'a memory could not be brought to safety and is lost: restore a backup');
    await memory.close().catch(() => undefined);
    this.#stranded.delete(storeId);
    await left('in-doubt');
  }

  /** Enters a copy that is whole. */
  async #enter(note: Rescued): Promise<void> {
    const { id, storeId, userId, file, reason } = note;
    const bytes = await this.quarantine.bytesOf(note);
    if (bytes === null) return;
    this.#log.error({ rescueId: id, storeId, userId, file, bytes, reason }, 'a memory was brought to safety, and waits in the quarantine');
    try {
      await this.catalog.audit.append('system', 'store.rescued', storeId, { rescueId: id, file, reason, bytes });
      await this.quarantine.update(note, { bytes });
    } catch (error) {
      this.#log.error({ rescueId: id, storeId, err: error }, 'a rescue could not be entered; it is at the next start');
    }
  }
}
