import { idBatches } from './id-batches.js';
import type { ChunkOutcome, Ruling, SettleContext, Staged } from './staged.js';

/** Decides on rows that can't be taken in, whatever the memory holds: each is put aside once, with its original, however many imports bring it. */
export async function settleFaulty({ tx, runId }: SettleContext, faulty: readonly Staged[]): Promise<ChunkOutcome> {
  if (faulty.length === 0) return { rulings: [], rows: {}, meant: [] };
  const known = new Set<string>();
  for (const keys of idBatches(faulty.map(({ key }) => key))) {
    const before = await tx
      .selectFrom('import_decisions')
      .select('key')
      .where('run_id', '!=', runId)
      .where('decision', '=', 'quarantined')
      .where('key', 'in', keys)
      .execute();
    for (const { key } of before) known.add(key);
  }
  const rulings = faulty.map((staged): Ruling => {
    const isKnown = known.has(staged.key);
    const reason = isKnown ? 'An earlier import has put it aside.' : staged.fault;
    return { staged, decision: isKnown ? 'duplicate' : 'quarantined', reason, id: null, rowHash: null };
  });
  return { rulings, rows: {}, meant: [] };
}
