import { join } from 'node:path';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Store } from '#catalog';
import { StoreSwitched } from '#core';
import { DatabaseBroken, DatabaseCorrupt, DatabaseMissing, StatementFailed } from '#database';
import { Config } from '../config/config.js';
import { isSameMark, readMark, type FileMark } from '../db-connection/file-mark.js';
import { RescuesService } from '../db-connection/rescues.service.js';
import { StoreCheck } from '../db-connection/store-check.service.js';
import { StoreFiles } from '../db-connection/store-files.service.js';
import { Switches, type SwitchKind } from '../db-connection/switches.service.js';

/** What a person's own file can have become. */
const OF_A_MEMORY: ReadonlySet<SwitchKind> = new Set(['missing', 'foreign', 'deleted', 'replaced', 'overwritten', 'shrunk']);
/** How many files are asked for at once. */
const BATCH = 64;
/** How many are looked into at once. */
const MOST_WORKERS = 4;

/**
 * Looks whether the files of closed memories are as they were left. Only one that is not is opened, which says whose it is; those that are open are
 * looked at by whoever has them open.
 */
@Injectable()
export class ClosedMemories implements OnModuleDestroy {
  readonly #log = new Logger(ClosedMemories.name);
  /** How changed files looked the last time: what is under way is not taken for what it will be. */
  readonly #changed = new Map<string, FileMark | null>();
  /** Files that were looked into, and refused. They are again when they look different. */
  readonly #refused = new Map<string, FileMark | null>();

  readonly #suspects = new Map<string, { readonly store: Store; readonly mark: FileMark | null }>();
  readonly #underWay = new Set<string>();
  readonly #workers = new Set<Promise<void>>();
  #ended = false;

  constructor(
    private readonly config: Config,
    private readonly check: StoreCheck,
    private readonly files: StoreFiles,
    private readonly rescues: RescuesService,
    private readonly switches: Switches,
  ) {}

  /** @returns whether something has changed that has to be looked at once more, soon. */
  async look(stores: readonly Store[]): Promise<boolean> {
    const inUse = stores.filter(({ state }) => state !== 'archived');
    const ids = new Set(inUse.map(({ storeId }) => storeId));
    this.switches.settle(({ kind, storeId }) => OF_A_MEMORY.has(kind) && storeId !== null && !ids.has(storeId));
    const current = this.switches.current().filter(({ kind }) => OF_A_MEMORY.has(kind));
    const refused = new Set(current.map(({ storeId }) => storeId));
    let again = false;
    const active = inUse.filter(({ state }) => state === 'active');
    for (let from = 0; from < active.length; from += BATCH) {
      await Promise.all(
        active.slice(from, from + BATCH).map(async (store) => {
          const look = await this.#lookAt(store, refused.has(store.storeId));
          if (look === 'again') again = true;
          else if (look) this.#suspects.set(store.storeId, { store, mark: look.mark });
        }),
      );
    }
    // To wait for one that somebody else holds takes half a minute: nothing else waits for that.
    while (this.#workers.size < MOST_WORKERS && this.#suspects.size > 0) this.#begin();
    return again;
  }

  /** Whether there is nothing that is still to be looked into. */
  get idle(): boolean {
    return this.#workers.size === 0;
  }

  /** Resolves when what is being looked into has been; the rest is left. */
  async onModuleDestroy(): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#workers);
  }

  #begin(): void {
    const worker = this.#work().finally(() => this.#workers.delete(worker));
    this.#workers.add(worker);
  }

  async #work(): Promise<void> {
    for (;;) {
      const [next] = this.#suspects.values();
      if (!next || this.#ended) return;
      const { storeId, userId } = next.store;
      this.#suspects.delete(storeId);
      this.#underWay.add(storeId);
      await this.#lookInto(next.store, next.mark).catch((error: unknown) => {
        this.#log.error({ storeId, userId, err: error }, 'the file of a memory could not be looked into');
      });
      this.#underWay.delete(storeId);
    }
  }

  /** @returns null when it is as it should be; what is in its place when it has to be looked into. */
  async #lookAt(store: Store, refused: boolean): Promise<{ readonly mark: FileMark | null } | 'again' | null> {
    const { storeId } = store;
    if (this.#underWay.has(storeId)) return null;
    if (this.files.isOurs(storeId)) return this.#forget(storeId);
    const left = this.files.find(storeId);
    const mark = await readMark(join(this.config.memoryDir, store.location));
    // It may have been opened, or closed, meanwhile.
    if (this.files.isOurs(storeId) || this.files.find(storeId) !== left) return this.#forget(storeId);
    if (mark && !refused) {
      if (!left) this.files.note(storeId, mark);
      if (!left || isSameMark(left, mark)) return this.#forget(storeId);
    }
    const before = this.#changed.get(storeId);
    this.#changed.set(storeId, mark);
    if (before === undefined || !isSameMark(before, mark)) return 'again';
    const known = this.#refused.get(storeId);
    return known !== undefined && isSameMark(known, mark) ? null : { mark };
  }

  #forget(storeId: string): null {
    this.#suspects.delete(storeId);
    this.#changed.delete(storeId);
    this.#refused.delete(storeId);
    return null;
  }

  async #lookInto(store: Store, mark: FileMark | null): Promise<void> {
    const { storeId, location } = store;
    // What was rescued is refused and told of already.
    if (!(await this.#isInPlace(storeId))) return;
    this.#refused.set(storeId, mark);
    if (mark === null) {
      this.#report(store, 'missing', `The file ${location} of a memory is missing. Put it back, or restore a backup.`);
      return;
    }
    const left = this.files.find(storeId);
    try {
      await this.check.look(store);
      this.#forget(storeId);
    } catch (error) {
      this.#failed(store, left?.identity === mark.identity ? 'overwritten' : 'replaced', error);
    }
  }

  #failed(store: Store, kind: SwitchKind, error: unknown): void {
    const { storeId, userId, location } = store;
    // Whose it is not, was told by whoever found it.
    if (error instanceof StoreSwitched || error instanceof DatabaseMissing) return;
    if (error instanceof DatabaseCorrupt || error instanceof DatabaseBroken || error instanceof StatementFailed) {
      const what = kind === 'replaced' ? 'is another file than the one that was left there' : 'was written by somebody else';
      const remedy = 'and is no memory that can be read. Put the right file back, or restore a backup.';
      const cutOff = this.switches.current().some((found) => found.kind === 'shrunk' && found.storeId === storeId);
      if (!cutOff) this.#report(store, kind, `The file ${location} of a memory ${what}, ${remedy}`);
      return;
    }
    // Somebody holds it, or the disk is full: that says nothing of the file.
    this.#refused.delete(storeId);
    this.#log.warn({ storeId, userId, file: location, err: error }, 'the file of a memory has changed, and could not be looked into yet');
  }

  #report({ storeId, userId, location }: Store, kind: SwitchKind, reason: string): void {
    this.switches.report({ kind, storeId, userId, file: location, reason });
  }

  #isInPlace(storeId: string): Promise<boolean> {
    return this.rescues.assertInPlace(storeId).then(
      () => true,
      () => false,
    );
  }
}
