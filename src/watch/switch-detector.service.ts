import { readdir } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { SALT_FILE } from '../config/data-files.js';
import { keptSecret } from '../config/generated-secret.js';
import { StoreFiles } from '../db-connection/store-files.service.js';
import { Switches } from '../db-connection/switches.service.js';
import { ClosedMemories } from './closed-memories.service.js';
import { KnownStores } from './known-stores.service.js';
import { UnknownFiles } from './unknown-files.service.js';

/** Compares what is on the disk with what the catalog says is there. What it finds is told by `Switches`. */
@Injectable()
export class SwitchDetector {
  #underWay: Promise<boolean> | null = null;
  #saltChanged = false;

  constructor(
    private readonly config: Config,
    private readonly stores: KnownStores,
    private readonly memories: ClosedMemories,
    private readonly unknown: UnknownFiles,
    private readonly files: StoreFiles,
    private readonly switches: Switches,
  ) {}

  /**
   * Looks once; whoever asks while it looks shares that look.
   * @returns whether something has changed that has to be looked at once more, soon, before it is taken for what it is.
   * @throws what the file system or the catalog says when nothing can be told at the moment.
   */
  look(): Promise<boolean> {
    this.#underWay ??= this.#look().finally(() => {
      this.#underWay = null;
    });
    return this.#underWay;
  }

  /** Whether there is nothing that is still to be looked into. */
  get idle(): boolean {
    return this.memories.idle;
  }

  async #look(): Promise<boolean> {
    const stores = await this.stores.list();
    const names = await readdir(this.config.memoryDir).catch((error: NodeJS.ErrnoException) => {
      // Then every memory is missing.
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const again = [await this.#lookAtSalt(), await this.memories.look(stores), await this.unknown.look(names, stores)];
    await this.files.keep();
    return again.includes(true);
  }

  async #lookAtSalt(): Promise<boolean> {
    const salt = await keptSecret(this.config.dataDir, SALT_FILE).catch(() => '');
    const before = this.#saltChanged;
    this.#saltChanged = salt !== this.config.salt;
    if (!this.#saltChanged) this.switches.settle(({ kind }) => kind === 'salt');
    if (!this.#saltChanged || !before) return this.#saltChanged;
    const what = salt === null ? 'is gone from the data directory' : 'in the data directory has changed';
    if (this.switches.current().every(({ kind }) => kind !== 'salt'))
      this.switches.report({
        kind: 'salt',
        storeId: null,
        userId: null,
        file: SALT_FILE,
        reason: `The file ${SALT_FILE} ${what}: this server goes on with the one that it knows, and would not start again. Put it back from a backup of the keys.`,
      });
    return false;
  }
}
