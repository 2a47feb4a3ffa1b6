import { access, constants, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { Store } from '#catalog';
import { Config } from '../config/config.js';
import { DbConnectionService, type StoreHandle } from './db-connection.service.js';
import { RescuesService } from './rescues.service.js';
import { StoreFaults, type StoreFault } from './store-faults.service.js';
import { Switches, type Switch } from './switches.service.js';

/** What can be said of a store without opening it. Moments are in milliseconds since the epoch. */
export interface StoreFacts {
  readonly store: Store;
  readonly path: string;
  readonly exists: boolean;
  /** Whether the file can be written; false where there is none. */
  readonly writable: boolean;
  readonly fileBytes: number | null;
  readonly walBytes: number | null;
  readonly open: boolean;
  /** How many requests and executions hold it at the moment. */
  readonly handles: number;
  readonly openedAt: number | null;
  readonly lastWriteAt: number | null;
  readonly lastCheckpointAt: number | null;
  readonly switches: readonly Switch[];
  /** Why it is withheld until what was rescued of it is put back, or null. */
  readonly rescue: string | null;
  /** Why it could not be had when it was last asked for; null when it could, or nobody has asked. */
  readonly fault: StoreFault | null;
}

/** Looks at stores from outside: at their files, and at what this process knows of them. Ten thousand can be looked at, and none is opened for it. */
@Injectable()
export class StoreInspection {
  constructor(
    private readonly config: Config,
    private readonly db: DbConnectionService,
    private readonly rescues: RescuesService,
    private readonly faults: StoreFaults,
    private readonly switches: Switches,
  ) {}

  async look(store: Store): Promise<StoreFacts> {
    return this.#look(store, this.db.handles().get(store.storeId) ?? null, this.switches.current());
  }

  /** What is open, and which switches there are, is asked for once for all of them. */
  lookAll(stores: readonly Store[]): Promise<StoreFacts[]> {
    const handles = this.db.handles();
    const switches = Map.groupBy(this.switches.current(), ({ storeId }) => storeId);
    return Promise.all(stores.map((store) => this.#look(store, handles.get(store.storeId) ?? null, switches.get(store.storeId) ?? [])));
  }

  async #look(store: Store, handle: StoreHandle | null, switches: readonly Switch[]): Promise<StoreFacts> {
    const { storeId, location } = store;
    const path = join(this.config.memoryDir, location);
    const [file, wal, writable, rescue] = await Promise.all([
      stat(path).catch(() => null),
      stat(`${path}.wal`).catch(() => null),
      access(path, constants.R_OK | constants.W_OK).then(
        () => true,
        () => false,
      ),
      this.rescues.assertInPlace(storeId).then(
        () => null,
        (error: Error) => error.message,
      ),
    ]);
    // A closed memory has its log folded in: its file was last written then. What is written goes to the log first.
    const written = Math.max(file?.mtimeMs ?? 0, wal?.mtimeMs ?? 0);
    return {
      store,
      path,
      exists: file !== null,
      writable,
      fileBytes: file?.size ?? null,
      walBytes: file === null ? null : (wal?.size ?? 0),
      open: handle !== null,
      handles: handle?.leases ?? 0,
      openedAt: handle?.openedAt ?? null,
      lastWriteAt: handle?.lastWriteAt ?? (file === null ? null : written),
      lastCheckpointAt: handle?.lastCheckpointAt ?? file?.mtimeMs ?? null,
      switches: switches.filter((found) => found.storeId === storeId),
      rescue,
      fault: this.faults.of(storeId),
    };
  }
}
