import { lstat, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Injectable, Logger } from '@nestjs/common';
import { Conflict, NotFound, StoreSwitched } from '#core';
import { moveFile, openDuckDb } from '#database';
import { MemoryStore, type MemoryTables } from '#memory';
import { CatalogService } from '../catalog/catalog.service.js';
import { Config } from '../config/config.js';
import type { Rescued } from './quarantine.js';
import { RescuesService } from './rescues.service.js';
import { sameContent } from './same-content.js';
import { StoreFaults } from './store-faults.service.js';
import { ownerOf } from './store-owner.js';

/** Puts rescued memories back in their place. */
@Injectable()
export class PutBackService {
  readonly #log = new Logger(PutBackService.name);
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly config: Config,
    private readonly catalog: CatalogService,
    private readonly rescues: RescuesService,
    private readonly faults: StoreFaults,
  ) {}

  /**
   * Moves a rescued copy to the place that the catalog names, one after the other. What is back already stays as it is.
   * @param actor the id of the administrator.
   * @throws NotFound; Conflict when it is not whole yet, or lost, or another person's, or something is in its place.
   */
  putBack(id: string, actor: string): Promise<Rescued> {
    const turn = this.#last.then(() => this.#putBack(id, actor));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #putBack(id: string, actor: string): Promise<Rescued> {
    const { quarantine } = this.rescues;
    const note = quarantine.find(id);
    if (!note) throw new NotFound('rescue', id);
    const state = await this.rescues.stateOf(note);
    if (state === 'put-back') return note;
    if (state === 'rescuing') throw new Conflict('The memory is still being brought to safety. Try again when it is quarantined.');
    if (state === 'lost')
      throw new Conflict('There is nothing in quarantine: the server ended before the copy was whole. Restore a backup.');
    const copy = quarantine.pathOf(note);
    const place = await this.#placeOf(note);
    const moved = await this.#isBack(copy, place);
    if (!moved) await this.#assertOwn(note, copy);
    // What is intended is noted first: after a crash, whether the copy is still there says how far it came.
    const noted = await quarantine.update(note, { putBackAt: new Date().toISOString() });
    if (moved) await rm(copy);
    else {
      await mkdir(this.config.memoryDir, { recursive: true, mode: 0o700 });
      await moveFile(copy, place);
    }
    const { storeId, userId, file } = note;
    this.faults.forget(storeId);
    this.#log.log({ rescueId: id, storeId, userId, file, actor }, 'a rescued memory was put back');
    await this.catalog.audit.append(actor, 'store.put-back', storeId, { rescueId: id, file });
    return noted;
  }

  async #placeOf({ storeId, userId }: Rescued): Promise<string> {
    const store = await this.catalog.stores.find(userId);
    if (store?.storeId !== storeId || store.state !== 'active')
      throw new Conflict('The store of this memory is not in use any more, so there is no place to put it back to.');
    return join(this.config.memoryDir, store.location);
  }

  /**
   * Whether a crash came between the moving and the end of it.
   * @throws Conflict when something else is there.
   */
  async #isBack(copy: string, place: string): Promise<boolean> {
    const there = async (path: string): Promise<boolean> =>
      lstat(path).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') return false;
          throw error;
        },
      );
    const [file, log] = [await there(place), await there(`${place}.wal`)];
    if (file && !log && (await sameContent(copy, place))) return true;
    const inTheWay = [...(file ? [place] : []), ...(log ? [`${place}.wal`] : [])];
    if (inTheWay.length === 0) return false;
    throw new Conflict(`Something is in the place of the memory. Move it away first: ${inTheWay.join(' and ')}.`);
  }

  /** @throws Conflict when the copy is not the memory of the person that the catalog names, DatabaseCorrupt and the errors of opening */
  async #assertOwn({ userId, file }: Rescued, copy: string): Promise<void> {
    const store = await this.catalog.stores.find(userId);
    if (!store) throw new NotFound('store of the user', userId);
    const database = await openDuckDb<MemoryTables>({ directory: dirname(copy), file }, { create: false });
    try {
      const memory = await MemoryStore.open(database, file, await ownerOf(this.catalog, store), false);
      await memory.close();
    } catch (error) {
      throw error instanceof StoreSwitched ? new Conflict(error.message, { cause: error }) : error;
    }
  }
}
