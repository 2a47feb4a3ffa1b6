import type { Store } from '#catalog';
import type { Lendable } from '#database';
import type { MemoryStore } from '#memory';
import type { RescuesService } from './rescues.service.js';
import type { FileEnd } from './store-files.service.js';

/** A memory that is open, and whose it was found to be. Whoever closes it, what has lost its place is rescued then. */
export class OpenMemory implements Lendable {
  constructor(
    readonly memory: MemoryStore,
    readonly store: Store,
    private readonly rescues: RescuesService,
    /** To be called when it is closed, or lost. */
    readonly left: FileEnd,
  ) {}

  get healthy(): boolean {
    return this.memory.healthy;
  }

  close(graceMs?: number): Promise<void> {
    return this.rescues.close(this, graceMs);
  }
}
