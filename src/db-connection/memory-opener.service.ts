import { Injectable, Logger } from '@nestjs/common';
import type { Store } from '#catalog';
import { StoreSwitched } from '#core';
import { DatabaseCorrupt, DatabaseHeld, DatabaseMissing, openDuckDb } from '#database';
import { MemoryStore, type MemoryTables } from '#memory';
import { CatalogService } from '../catalog/catalog.service.js';
import { Config } from '../config/config.js';
import { OpenMemory } from './open-memory.js';
import { RescuesService } from './rescues.service.js';
import { StoreCounts } from './store-counts.service.js';
import { StoreFaults } from './store-faults.service.js';
import { FileShortened, StoreFiles } from './store-files.service.js';
import { aliasesNotWritten, ownerOf, writeAliases } from './store-owner.js';
import { Switches, type SwitchKind } from './switches.service.js';

/** What is over when the memory that the catalog names was opened again. */
const OPENED_AGAIN: ReadonlySet<SwitchKind> = new Set(['missing', 'foreign', 'deleted', 'replaced', 'overwritten']);

/** Opens what the catalog names, or refuses it; and tells everybody whom it concerns. */
@Injectable()
export class MemoryOpener {
  readonly #log = new Logger(MemoryOpener.name);

  constructor(
    private readonly config: Config,
    private readonly catalog: CatalogService,
    private readonly rescues: RescuesService,
    private readonly switches: Switches,
    private readonly faults: StoreFaults,
    private readonly counts: StoreCounts,
    private readonly files: StoreFiles,
  ) {}

  /** @throws StoreSwitched and the errors of opening */
  async open(store: Store): Promise<OpenMemory> {
    // A state that was read before somebody else finished the provisioning must not let a lost file be made anew.
    const { state } = (await this.catalog.stores.find(store.userId)) ?? store;
    // Nor may one be opened that was rescued while it was waited for.
    await this.rescues.assertInPlace(store.storeId);
    const provisioning = state === 'provisioning';
    const began = performance.now();
    const shortage = await this.files.shortage(store);
    const end = this.files.begin(store);
    try {
      const owner = await ownerOf(this.catalog, store);
      const database = await openDuckDb<MemoryTables>(
        { directory: this.config.memoryDir, file: store.location },
        {
          create: provisioning,
          memoryLimitMb: this.config.dbMemoryLimitMb,
          heldTimeoutMs: this.config.dbConnectionTimeoutMs,
          heldRetries: this.config.dbMaxRetries,
          onCommit: this.counts.committed,
        },
      );
      const memory = await MemoryStore.open(database, store.location, owner, provisioning);
      try {
        if (shortage > 0) throw this.files.doubt(store, shortage);
        if (!this.files.isDoubted(store.storeId)) this.files.trust(store.storeId);
        this.switches.settle(({ kind, storeId }) => storeId === store.storeId && OPENED_AGAIN.has(kind));
        if (provisioning) await this.catalog.stores.transition(store.storeId, 'provisioning', 'active', 'system');
        await writeAliases(this.catalog, memory, store.userId).catch(aliasesNotWritten(this.#log, store));
        this.faults.opened(store.storeId);
        this.counts.opened(performance.now() - began);
        return new OpenMemory(memory, store, this.rescues, end);
      } catch (error) {
        await memory.close();
        throw error;
      }
    } catch (error) {
      this.faults.report(store, error, 'opening');
      await end('in-doubt');
      if (error instanceof DatabaseCorrupt && shortage > 0) this.files.report(store, shortage);
      if (error instanceof DatabaseMissing || (error instanceof StoreSwitched && !(error instanceof FileShortened))) {
        const { storeId, userId, location } = store;
        const kind = error instanceof DatabaseMissing ? 'missing' : 'foreign';
        this.switches.report({ kind, storeId, userId, file: location, reason: error.message });
      }
      if (error instanceof DatabaseHeld) {
        this.#log.error({ storeId: store.storeId, file: store.location, holderPid: error.holderPid }, 'memory held by another process');
      }
      throw error;
    }
  }

  /** Opening compares the owner; a link in place of a person's file can lead to somebody else's that is open already. @throws StoreSwitched */
  assertOwn(open: OpenMemory, { storeId, userId, location }: Store): void {
    if (open.store.storeId === storeId) return;
    const error = new StoreSwitched(
      `The memory of user ${userId} is not the one that the catalog names: its file leads to another person's. ` +
        'It is refused, and nothing was changed. An administrator has to put the right file back.',
    );
    this.switches.report({ kind: 'foreign', storeId, userId, file: location, reason: error.message });
    throw error;
  }
}
