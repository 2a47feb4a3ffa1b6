import { createHash } from 'node:crypto';
import { contentId, promptId } from '#core';
import type { DatasetTable, PromptTable } from '../tables.js';
import { datasetContent, rowHash } from './canonical.js';
import { Names, namesAskedFor, type Displaced, type Named } from './names.js';
import { rename } from './renames.js';
import { duplicate, provenanceOf, quarantined, type ChunkOutcome, type Ruling, type SettleContext, type Staged } from './staged.js';
import type { Meant } from './verify.js';

/** A dataset of a file with its prompts, in order, each text once. */
interface Whole {
  readonly head: Staged<'dataset'>;
  readonly prompts: readonly { readonly staged: Staged<'prompt'>; readonly promptId: string }[];
  readonly repeats: readonly Staged<'prompt'>[];
  readonly contentHash: string;
  readonly content: string;
}

/** Decides on datasets, each with all its prompts: the rows of one are in one chunk. */
export async function settleDatasets(context: SettleContext, sound: readonly Staged<'dataset' | 'prompt'>[]): Promise<ChunkOutcome> {
  const rulings: Ruling[] = [];
  const wholes: Whole[] = [];
  for (const rows of Map.groupBy(sound, ({ file, unit }) => `${file} ${unit}`).values()) {
    const [head, ...more] = rows.filter(isHead);
    const prompts = rows.filter(isPrompt);
    if (head === undefined) rulings.push(...prompts.map((staged) => quarantined(staged, 'Its dataset is not there.')));
    else {
      wholes.push(wholeOf(head, prompts));
      rulings.push(...more.map((staged) => quarantined(staged, 'Another dataset of the same file has its id.')));
    }
  }
  const before = await takenInBefore(context, wholes);
  const present = await presentOf(context, wholes, [...before.values()]);
  const ids = new Set(present.map(({ id }) => id));
  for (const [content, id] of before) if (!ids.has(id)) before.delete(content);
  const names = new Names(present, before);
  const added = new Map<string, { readonly whole: Whole; name: string }>();
  const displaced: (Displaced & { readonly cause: Meant['from'] })[] = [];
  for (const whole of wholes) {
    const { head, prompts, repeats, content } = whole;
    const { name, origin, createdAt: at } = head.value;
    const twin = names.twin({ name, content });
    if (twin !== null) {
      rulings.push(...[head, ...prompts.map(({ staged }) => staged), ...repeats].map((staged) => duplicate(staged, twin)));
      continue;
    }
    const id = ids.has(head.unit) ? contentId({ noun: 'dataset', id: head.unit, content }) : head.unit;
    const given = names.give({ id, name, at, origin, content });
    ids.add(id);
    added.set(id, { whole, name: given.name });
    if (given.displaced === null) continue;
    // What this chunk adds is not written yet: it is written under its other name.
    const pending = added.get(given.displaced.id);
    if (pending) pending.name = given.displaced.to;
    else displaced.push({ ...given.displaced, cause: provenanceOf(head) });
  }
  const meant = await rename(context, 'dataset', displaced);
  const rows = { datasets: [] as DatasetTable[], prompts: [] as PromptTable[] };
  for (const [id, { whole, name }] of added) add(id, whole, name, rows, meant, rulings);
  return { rulings, rows, meant };
}

function add(
  id: string,
  { head, prompts, repeats, contentHash }: Whole,
  name: string,
  rows: { datasets: DatasetTable[]; prompts: PromptTable[] },
  meant: Meant[],
  rulings: Ruling[],
): void {
  const { description, source, createdAt, duplicateCount = 0 } = head.value;
  const counts = { prompt_count: prompts.length, duplicate_count: duplicateCount + repeats.length };
  const row: DatasetTable = { id, name, description, source, ...counts, content_hash: contentHash, created_at: createdAt };
  const hash = rowHash(row);
  rows.datasets.push(row);
  meant.push({ table: 'datasets', id, hash, from: provenanceOf(head) });
  const isRenamed = name !== head.value.name;
  rulings.push({
    staged: head,
    decision: isRenamed ? 'renamed' : 'added',
    reason: isRenamed ? 'A newer one has its name.' : null,
    id,
    rowHash: hash,
  });
  for (const [position, { staged, promptId: prompt_id }] of prompts.entries()) {
    const { value, harmCategories: harm_categories, metadata } = staged.value;
    const prompt: PromptTable = { dataset_id: id, position, prompt_id, value, harm_categories, metadata };
    const promptHash = rowHash(prompt);
    rows.prompts.push(prompt);
    meant.push({ table: 'prompts', id, part: String(position), hash: promptHash, from: provenanceOf(staged) });
    rulings.push({ staged, decision: 'added', reason: null, id, rowHash: promptHash });
  }
  rulings.push(...repeats.map((staged) => duplicate(staged, id, 'Its dataset has the same prompt before it.')));
}

function wholeOf(head: Staged<'dataset'>, all: readonly Staged<'prompt'>[]): Whole {
  const first = new Map<string, Staged<'prompt'>>();
  const repeats: Staged<'prompt'>[] = [];
  for (const staged of all) {
    const id = promptId(staged.value.value);
    if (first.has(id)) repeats.push(staged);
    else first.set(id, staged);
  }
  const hash = createHash('sha256');
  for (const id of first.keys()) hash.update(id);
  const contentHash = hash.digest('hex');
  const prompts = [...first].map(([id, staged]) => ({ staged, promptId: id }));
  return { head, prompts, repeats, contentHash, content: datasetContent(head.value.name, contentHash) };
}

/** What was taken in before with the same name and the same prompts, by content. */
async function takenInBefore({ tx }: SettleContext, wholes: readonly Whole[]): Promise<Map<string, string>> {
  if (wholes.length === 0) return new Map();
  const rows = await tx
    .selectFrom('datasets')
    .innerJoin('import_decisions', 'import_decisions.id', 'datasets.id')
    .select(['datasets.id', 'datasets.content_hash', 'import_decisions.content_hash as head'])
    .where('import_decisions.noun', '=', 'dataset')
    .where('import_decisions.decision', 'in', ['added', 'renamed'])
    .where(
      'datasets.content_hash',
      'in',
      wholes.map(({ contentHash }) => contentHash),
    )
    .execute();
  const found = new Map(rows.map((row) => [`${row.head} ${row.content_hash}`, row.id]));
  return new Map(
    wholes.flatMap(({ head, contentHash, content }) => {
      const id = found.get(`${head.content_hash} ${contentHash}`);
      return id === undefined ? [] : [[content, id] as const];
    }),
  );
}

/** Whatever has a name or an id that is asked for. */
async function presentOf({ tx }: SettleContext, wholes: readonly Whole[], before: readonly string[]): Promise<Named[]> {
  if (wholes.length === 0) return [];
  const names = namesAskedFor(wholes.map(({ head }) => head.value));
  const ids = [...wholes.map(({ head }) => head.unit), ...before];
  const rows = await tx
    .selectFrom('datasets')
    .selectAll()
    .where((eb) => eb.or([eb('name', 'in', names), eb('id', 'in', ids)]))
    .execute();
  return rows.map((row) => ({ id: row.id, name: row.name, at: row.created_at, content: datasetContent(row.name, row.content_hash) }));
}

function isHead(staged: Staged<'dataset' | 'prompt'>): staged is Staged<'dataset'> {
  return staged.noun === 'dataset';
}

function isPrompt(staged: Staged<'dataset' | 'prompt'>): staged is Staged<'prompt'> {
  return staged.noun === 'prompt';
}
