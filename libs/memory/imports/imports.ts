import type { Transaction } from 'kysely';
import { contentId, uuidv7 } from '#core';
import type { Insert } from '#database';
import type { Reservations } from '../conversation-tails.js';
import type { MemoryTables } from '../tables.js';
import { accountOf, reasonsOf, type ImportAccount, type ImportReason } from './account.js';
import { digestsOf, type ImportDigest } from './digests.js';
import { exportRows } from './export.js';
import type { ImportDecision, ImportNoun, ImportProvenance, ImportRow } from './import-row.js';
import { order } from './order.js';
import { originalOf } from './originals.js';
import { RECEIVED_ROWS, receive } from './receive.js';
import { chunksLeft, dropSome, settleChunk } from './settle.js';
import { provenanceOf, type Read, type Ruling } from './staged.js';
import { stayingExecutions } from './staying-executions.js';
import { Turns } from './turns.js';
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
  /** What it became, or is a duplicate of; of a prompt its dataset, of a part its execution. Null for a quarantined one. */
  readonly id: string | null;
}

export interface ImportUndone {
  readonly removed: number;
  readonly kept: readonly KeptRow[];
}

/** What settling does next: chunks are numbered from 1 on, not every number is one. */
export type SettleStep = { readonly phase: 'ordering' } | { readonly phase: 'settling'; readonly chunk: number; readonly last: number };

type Rows = Iterable<ImportRow> | AsyncIterable<ImportRow>;

/**
 * Rows from elsewhere come into a memory in runs. A run first receives all its rows, in any order and as many calls as it takes, then settles them in an
 * order of its own, chunk by chunk, each in one transaction with its verification. So what comes of them depends on what they are and not on how they
 * came, and a run that was cut off anywhere is taken up by doing the same again.
 */
export class Imports {
  constructor(
    private readonly write: ImportWrite,
    private readonly read: Read,
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
      const turns = new Turns(runId);
      for (let chunk = 1; chunk <= last; chunk++)
        planned.push(...(await settleChunk({ tx, insert, reservations, runId, chunk, turns })).map(toRuling));
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
  async settle(runId: string, progress?: (step: SettleStep) => void): Promise<ImportAccount[]> {
    await this.settleSome(runId, Infinity, progress);
    return this.account(runId);
  }

  /**
   * Settles at most so many chunks. What an engine keeps in memory of what it wrote goes when the store is closed, so a run of millions of rows is settled
   * in several calls, each on a store that was opened for it.
   * @param progress is told what comes next. @returns whether there is more to settle. @throws ImportMismatch
   */
  async settleSome(runId: string, chunks: number, progress: (step: SettleStep) => void = () => undefined): Promise<boolean> {
    const { next, last } = await this.write(async (tx) => {
      const started = await chunksLeft(tx, runId);
      // Either there is work left, or it was all done before.
      if (started.last > 0 || started.next > 1) return started;
      progress({ phase: 'ordering' });
      await order(tx, runId);
      return chunksLeft(tx, runId);
    });
    const to = Math.min(last, next + chunks - 1);
    const turns = new Turns(runId);
    for (let chunk = next; chunk <= to; chunk++) {
      progress({ phase: 'settling', chunk, last });
      await this.write((tx, insert, reservations) => settleChunk({ tx, insert, reservations, runId, chunk, turns }));
    }
    if (to < last) return true;
    for (let left = chunks; await this.write((tx) => dropSome(tx, runId));) {
      left -= CHUNKS_OF_A_DROP;
      if (left <= 0) return true;
    }
    return false;
  }

  /** The original of a row as it was received, sealed as its caller sealed it; null when the run has no such row. */
  original(runId: string, { file, table, row }: ImportProvenance): Promise<string | null> {
    return this.read((db) => originalOf(db, runId, contentId({ file, table, row })));
  }

  /** What became of the rows of a run, by file, table and noun. */
  account(runId: string): Promise<ImportAccount[]> {
    return this.read((db) => accountOf(db, runId));
  }

  /** Why, for the rows that a reason was given for: each reason once, with their number. */
  reasons(runId: string): Promise<ImportReason[]> {
    return this.read((db) => reasonsOf(db, runId));
  }

  /**
   * The whole memory as rows to take into another: see `exportRows`. Nobody may write to it until all are received.
   * @param seal seals the original of a row.
   */
  exportRows(seal: (text: string) => string): AsyncGenerator<ImportRow> {
    return exportRows(this.read, seal);
  }

  /** The proof that what a run added is there as it was meant, by noun. It reads all of it. */
  digests(runId: string): Promise<ImportDigest[]> {
    return digestsOf(this.read, runId);
  }

  /**
   * Takes back what a run added and nobody touched or built on since; the rest is listed with its reasons, executions without their parts. What had to give its name away for it gets it
   * back. Repeated, it takes back what has become free meanwhile. An undone run stays so: the same rows come in again with another.
   */
  async undo(runId: string): Promise<ImportUndone> {
    const kept: KeptRow[] = [];
    let removed = 0;
    const chunks = await this.read((db) => chunksToUndo(db, runId));
    const staying = await stayingExecutions(this.read, runId, chunks);
    for (const chunk of chunks) {
      const undone = await this.write((tx, _insert, reservations) => undoChunk(tx, reservations, runId, chunk, staying));
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
    if (chunk.length < RECEIVED_ROWS && weight < MAX_CHUNK_WEIGHT) continue;
    yield chunk;
    chunk = [];
    weight = 0;
  }
  if (chunk.length > 0) yield chunk;
}

/** What is let go at once takes as much of the engine's memory as so many chunks. */
const CHUNKS_OF_A_DROP = 16;

const MAX_CHUNK_WEIGHT = 8 * 1024 * 1024;
