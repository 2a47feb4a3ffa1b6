import type { Transaction } from 'kysely';
import { uuidv7 } from '#core';
import type { Insert } from '#database';
import type { Reservations } from '../conversation-tails.js';
import type { MemoryTables } from '../tables.js';
import { accountOf, type ImportAccount } from './account.js';
import type { ImportDecision, ImportNoun, ImportProvenance, ImportRow } from './import-row.js';
import { order } from './order.js';
import { CHUNK_ROWS, receive } from './receive.js';
import { chunksLeft, settleChunk } from './settle.js';
import { provenanceOf, type Ruling } from './staged.js';
import { chunksToUndo, undoChunk, type KeptRow } from './undo.js';

/** Runs a job alone in one transaction of the store. */
export type ImportWrite = <T>(
  job: (tx: Transaction<MemoryTables>, insert: Insert<MemoryTables>, reservations: Reservations) => Promise<T>,
) => Promise<T>;

/** What would become, or has become, of a row. */
export interface ImportRuling {
  readonly noun: ImportNoun;
  readonly provenance: ImportProvenance;
  readonly decision: ImportDecision;
  readonly reason: string | null;
  /** What it became, or is a duplicate of; a prompt, its dataset. Null for a quarantined one. */
  readonly id: string | null;
}

export interface ImportUndone {
  readonly removed: number;
  readonly kept: readonly KeptRow[];
}

type Rows = Iterable<ImportRow> | AsyncIterable<ImportRow>;

/**
 * Rows from elsewhere come into a memory in runs. A run first receives all its rows, in any order and as many calls as it takes, then settles them in an
 * order of its own, chunk by chunk, each in one transaction with its verification. So what comes of them depends on what they are and not on how they
 * came, and a run that was cut off anywhere is taken up by doing the same again.
 */
export class Imports {
  constructor(
    private readonly write: ImportWrite,
    private readonly read: <T>(job: (db: Transaction<MemoryTables>) => Promise<T>) => Promise<T>,
  ) {}

  /**
   * What would become of these rows. It is settled like a run and undone before anybody sees it, so it can't be another decision than the run's; other
   * writers wait for as long.
   */
  async plan(rows: Rows): Promise<ImportRuling[]> {
    const planned: ImportRuling[] = [];
    const rollback = new PlanMade();
    const runId = uuidv7();
    const job = this.write(async (tx, insert, reservations) => {
      for await (const chunk of chunksOf(rows)) await receive(tx, insert, runId, chunk);
      await order(tx, runId);
      const { last } = await chunksLeft(tx, runId);
      for (let chunk = 1; chunk <= last; chunk++)
        planned.push(...(await settleChunk({ tx, insert, reservations, runId, chunk })).map(toRuling));
      throw rollback;
    });
    await job.catch((error: unknown) => {
      if (error !== rollback) throw error;
    });
    return planned;
  }

  /** Receives rows and settles the run. Repeated after it was cut off, it goes on; repeated after it was done, it changes nothing. @throws Conflict, ImportMismatch */
  async take(runId: string, rows: Rows): Promise<ImportAccount[]> {
    await this.receive(runId, rows);
    return this.settle(runId);
  }

  /** Notes rows as received, those that the run does not have yet. Nothing else is changed. @throws Conflict once the run is being settled. */
  async receive(runId: string, rows: Rows): Promise<void> {
    for await (const chunk of chunksOf(rows)) await this.write((tx, insert) => receive(tx, insert, runId, chunk));
  }

  /** Decides on all rows of a run that are not decided yet, and writes what comes of them. @throws ImportMismatch */
  async settle(runId: string): Promise<ImportAccount[]> {
    const left = await this.write(async (tx) => {
      const started = await chunksLeft(tx, runId);
      if (started.last > 0) return started;
      await order(tx, runId);
      return chunksLeft(tx, runId);
    });
    for (let chunk = left.next; chunk <= left.last; chunk++)
      await this.write((tx, insert, reservations) => settleChunk({ tx, insert, reservations, runId, chunk }));
    return this.write(async (tx) => {
      await tx.deleteFrom('import_work').where('run_id', '=', runId).execute();
      return accountOf(tx, runId);
    });
  }

  /** What became of the rows of a run, by noun. */
  account(runId: string): Promise<ImportAccount[]> {
    return this.read((db) => accountOf(db, runId));
  }

  /**
   * Takes back what a run added and nobody touched or built on since; the rest is listed with its reasons. What had to give its name away for it gets it
   * back. Repeated, it takes back what has become free meanwhile. An undone run stays so: the same rows come in again with another.
   */
  async undo(runId: string): Promise<ImportUndone> {
    const kept: KeptRow[] = [];
    let removed = 0;
    for (const chunk of await this.read((db) => chunksToUndo(db, runId))) {
      const undone = await this.write((tx, _insert, reservations) => undoChunk(tx, reservations, runId, chunk));
      removed += undone.removed;
      kept.push(...undone.kept);
    }
    return { removed, kept };
  }
}

/** Thrown to roll a plan back. */
class PlanMade extends Error {}

function toRuling({ staged, decision, reason, id }: Ruling): ImportRuling {
  return { noun: staged.noun, provenance: provenanceOf(staged), decision, reason, id };
}

async function* chunksOf(rows: Rows): AsyncGenerator<ImportRow[]> {
  let chunk: ImportRow[] = [];
  let weight = 0;
  for await (const row of rows) {
    chunk.push(row);
    weight += row.original.length;
    // Long rows make short chunks.
    if (chunk.length < CHUNK_ROWS && weight < MAX_CHUNK_WEIGHT) continue;
    yield chunk;
    chunk = [];
    weight = 0;
  }
  if (chunk.length > 0) yield chunk;
}

const MAX_CHUNK_WEIGHT = 8 * 1024 * 1024;
