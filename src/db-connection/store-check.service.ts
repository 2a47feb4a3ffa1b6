import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { Store } from '#catalog';
import { CatalogService } from '../catalog/catalog.service.js';
import { Config } from '../config/config.js';
import { LOOKED_INTO } from '../config/data-files.js';
import { DbConnectionService } from './db-connection.service.js';
import { StoreFaults } from './store-faults.service.js';
import { FileShortened, StoreFiles } from './store-files.service.js';

/** Looks into closed memories whose files somebody else has changed. */
@Injectable()
export class StoreCheck {
  constructor(
    private readonly config: Config,
    private readonly catalog: CatalogService,
    private readonly db: DbConnectionService,
    private readonly files: StoreFiles,
    private readonly faults: StoreFaults,
  ) {}

  /**
   * Opens a memory, which says whose it is, and closes it again. Of one that may have been cut off all is read: its beginning, which is what it takes
   * to open it, says nothing of the rest. One that was withheld meanwhile is not ours to open: it may be erased.
   * @throws as `lendOf` does, and DatabaseCorrupt or DatabaseBroken when it can't be read.
   */
  async look({ storeId, userId }: Store): Promise<void> {
    const store = await this.catalog.stores.find(userId);
    if (store?.storeId !== storeId || store.state !== 'active') return;
    await this.#open(userId, this.files.isDoubted(storeId)).catch((error: unknown) => {
      if (error instanceof FileShortened) return this.#open(userId, true);
      throw error;
    });
    this.files.trust(storeId);
    // What was damaged was another file, or has been repaired. If not, it shows again when it is read.
    this.faults.forget(storeId);
    await this.db.releaseOf(userId);
  }

  /** What is copied has been read. */
  #open(userId: string, whole: boolean): Promise<void> {
    return this.db.lendWithheld(userId, async (memory) => {
      if (!whole) return;
      const folder = join(this.config.dataDir, LOOKED_INTO);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const copy = join(folder, `${randomUUID()}.db`);
      try {
        await memory.copyTo(copy);
      } finally {
        await rm(copy, { force: true });
      }
    });
  }
}
