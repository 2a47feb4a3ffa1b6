import { Injectable } from '@nestjs/common';
import type { Store } from '#catalog';
import { StoreSwitched } from '#core';
import { DatabaseCorrupt, DatabaseFull, DatabaseHeld, DatabaseMissing, DatabaseNewer, DatabaseReadOnly } from '#database';

/** Why a memory can't be had. */
export const FAULT_KINDS = ['held', 'missing', 'foreign', 'corrupt', 'newer', 'full', 'read-only', 'other'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** A memory that could not be opened, or read, when that was last tried. */
export interface StoreFault {
  readonly kind: FaultKind;
  readonly storeId: string;
  readonly userId: string;
  /** A file name in the memory directory. */
  readonly file: string;
  /** What it is, and what to do. */
  readonly reason: string;
  readonly since: Date;
  /** Whether it showed when the memory was opened, or only when it was read. */
  readonly metAt: 'opening' | 'reading';
}

const KINDS: readonly (readonly [abstract new (...args: never[]) => Error, FaultKind])[] = [
  [DatabaseHeld, 'held'],
  [DatabaseMissing, 'missing'],
  [StoreSwitched, 'foreign'],
  [DatabaseCorrupt, 'corrupt'],
  [DatabaseNewer, 'newer'],
  [DatabaseFull, 'full'],
  [DatabaseReadOnly, 'read-only'],
];

/**
 * The memories that could not be had when they were last asked for. One is forgotten as soon as it is opened again; but what showed only when it was
 * read is there still, until the file is another one.
 */
@Injectable()
export class StoreFaults {
  readonly #current = new Map<string, StoreFault>();
  readonly #counts = new Map<FaultKind, number>(FAULT_KINDS.map((kind) => [kind, 0]));

  /** Somebody was refused a memory. */
  report({ storeId, userId, location }: Store, error: unknown, metAt: StoreFault['metAt']): void {
    const kind = KINDS.find(([type]) => error instanceof type)?.[1] ?? 'other';
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    const known = this.#current.get(storeId);
    const since = known?.kind === kind ? known.since : new Date();
    const reason = kind === 'other' ? 'The memory could not be opened; the log says why.' : (error as Error).message;
    this.#current.set(storeId, { kind, storeId, userId, file: location, reason, since, metAt });
  }

  /** The memory was opened. */
  opened(storeId: string): void {
    if (this.#current.get(storeId)?.metAt === 'opening') this.#current.delete(storeId);
  }

  /** The memory is gone, or has another file. */
  forget(storeId: string): void {
    this.#current.delete(storeId);
  }

  of(storeId: string): StoreFault | null {
    return this.#current.get(storeId) ?? null;
  }

  current(): readonly StoreFault[] {
    return [...this.#current.values()];
  }

  /** How often a memory was refused since the process began, by kind. */
  counts(): ReadonlyMap<FaultKind, number> {
    return this.#counts;
  }
}
