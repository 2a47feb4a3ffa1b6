import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { Store } from '#catalog';
import { Config } from '../config/config.js';
import { DbConnectionService } from './db-connection.service.js';
import { FileShortened, StoreFiles } from './store-files.service.js';

/** Looks into closed memories whose files somebody else has changed. */
@Injectable()
export class StoreCheck {
  constructor(
    private readonly config: Config,
    private readonly db: DbConnectionService,
    private readonly files: StoreFiles,
  ) {}

  /**
   * Opens a memory, which says whose it is, and closes it again. Of one that may have been cut off all is read: its beginning, which is what it takes
   * to open it, says nothing of the rest.
   * @throws as `lendOf` does, and DatabaseCorrupt or DatabaseBroken when it can't be read.
   */
  async look({ storeId, userId }: Store): Promise<void> {
    await this.#open(userId, this.files.isDoubted(storeId)).catch((error: unknown) => {
      if (error instanceof FileShortened) return this.#open(userId, true);
      throw error;
    });
    this.files.trust(storeId);
    await this.db.releaseOf(userId);
  }

  /** What is copied has been read. */
  #open(userId: string, whole: boolean): Promise<void> {
    return this.db.lendWithheld(userId, async (memory) => {
      if (!whole) return;
      const copy = join(this.config.dataDir, `.read-whole-${randomUUID()}`);
      try {
        await memory.copyTo(copy);
      } finally {
        await rm(copy, { force: true });
      }
    });
  }
}
