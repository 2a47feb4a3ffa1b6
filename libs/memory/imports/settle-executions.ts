import { contentId } from '#core';
import type { ExecutionTable } from '../tables.js';
import { executionContent, idHere, rowHash } from './canonical.js';
import { executionColumns } from './execution-rows.js';
import { contentsTakenIn, decidedOf, sourceKey, takenIn } from './ledger.js';
import { duplicate, provenanceOf, quarantined, type ChunkOutcome, type Ruling, type SettleContext, type Staged } from './staged.js';
import type { Meant } from './verify.js';

const DIVERGED = 'The memory has another execution of that id: this one is beside it, under an id of its own.';
const SECOND = 'Another execution of the same file has its id.';

/**
 * Decides on executions. Same id and same content are one. Of the same id and another content both are kept: of those that come in, the one that ended
 * later comes first and has the id, the others get one that is made of their content; what is here already keeps its id, whenever it ended, because
 * plans and people refer to it. Whatever the file has of an execution follows what that became.
 */
export async function settleExecutions({ tx, runId }: SettleContext, sound: readonly Staged<'execution'>[]): Promise<ChunkOutcome> {
  const files = [...new Set(sound.map(({ file }) => file))];
  const sourceIds = [...new Set(sound.map(({ source_id }) => source_id ?? ''))];
  const orchestratorIds = [...new Set(sound.map(({ value }) => idHere(value.orchestratorId)))];
  const orchestrators = await takenIn(tx, ['orchestrator'], files, orchestratorIds);
  const decided = await decidedOf(tx, runId, 'execution', files, sourceIds);
  const ids = sound.flatMap((staged) => [staged.source_id ?? '', otherIdOf(staged)]);
  const stored = await tx.selectFrom('executions').selectAll().where('id', 'in', ids).execute();
  const present = new Map(stored.map((row) => [row.id, new Set([executionContent(row)])]));
  // What was taken in and went on since is still the same.
  for (const { id, content_hash } of await contentsTakenIn(tx, 'execution', [...present.keys()])) present.get(id)?.add(content_hash);
  const rulings: Ruling[] = [];
  const rows: ExecutionTable[] = [];
  const meant: Meant[] = [];
  for (const staged of sound) {
    const { content_hash: content } = staged;
    const source = sourceKey(staged.file, staged.source_id ?? '');
    const first = decided.get(source);
    if (first !== undefined && first !== content) {
      rulings.push(quarantined(staged, SECOND));
      continue;
    }
    decided.set(source, content);
    const ownId = staged.source_id ?? '';
    const otherId = otherIdOf(staged);
    const twin = [ownId, otherId].find((id) => present.get(id)?.has(content));
    if (twin !== undefined) {
      rulings.push(duplicate(staged, twin));
      continue;
    }
    const isTaken = present.has(ownId);
    const id = isTaken ? otherId : ownId;
    const orchestratorId = idHere(staged.value.orchestratorId);
    const orchestrator_id = orchestrators.get(sourceKey(staged.file, orchestratorId)) ?? orchestratorId;
    const row: ExecutionTable = { id, orchestrator_id, ...executionColumns(staged.value) };
    const hash = rowHash(row);
    present.set(id, new Set([content]));
    rows.push(row);
    meant.push({ table: 'executions', id, hash, from: provenanceOf(staged) });
    rulings.push({ staged, decision: 'added', reason: isTaken ? DIVERGED : null, id, rowHash: hash });
  }
  return { rulings, rows: { executions: rows }, meant };
}

function otherIdOf({ source_id, content_hash }: Staged<'execution'>): string {
  return contentId({ execution: source_id, content: content_hash });
}
