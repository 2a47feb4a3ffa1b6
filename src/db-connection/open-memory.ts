import type { Store } from '#catalog';
import type { Lendable } from '#database';
import type { MemoryStore } from '#memory';
import type { RescuesService } from './rescues.service.js';

/** A memory that is open, and whose it was found to be. Whoever closes it, what has lost its place is rescued then. */
export class OpenMemory implements Lendable {
  constructor(
    readonly memory: MemoryStore,
    readonly store: Store,
    private readonly rescues: RescuesService,
  ) {}

  get healthy(): boolean {
    return this.memory.healthy;
  }

  close(graceMs?: number): Promise<void> {
    return this.rescues.close(this, graceMs);
  }
}
