import { contentId } from '#core';
import type { ConfigurationTable } from '../tables.js';
import { configurationContent, rowHash } from './canonical.js';
import { addedBefore } from './ledger.js';
import { Names, namesAskedFor, type Displaced, type Named } from './names.js';
import { NAMED_TABLES, type ConfigurationImport } from './noun-tables.js';
import { withReferencesHere } from './references.js';
import { rename } from './renames.js';
import { duplicate, quarantined, provenanceOf, type ChunkOutcome, type Ruling, type SettleContext, type Staged } from './staged.js';
import type { Meant } from './verify.js';

const TAKEN = 'Its id is that of another configuration, and its secrets are sealed for that id. Seal them for another.';

/** Decides on configurations of one noun. */
export async function settleConfigurations(
  context: SettleContext,
  noun: ConfigurationImport,
  all: readonly Staged<ConfigurationImport>[],
): Promise<ChunkOutcome> {
  const sound = await withReferencesHere(context, all);
  const table = NAMED_TABLES[noun];
  const before = await addedBefore(context.tx, noun, sound);
  const present = await presentOf(context, table, sound, [...before.values()]);
  const ids = new Set(present.map(({ id }) => id));
  for (const [content, id] of before) if (!ids.has(id)) before.delete(content);
  const names = new Names(present, before);
  const rulings: Ruling[] = [];
  const added = new Map<string, { readonly staged: Staged<ConfigurationImport>; name: string }>();
  const displaced: (Displaced & { readonly cause: Meant['from'] })[] = [];
  for (const staged of sound) {
    const { name, updatedAt: at, origin, secrets } = staged.value;
    const content = staged.content_hash;
    const twin = names.twin({ name, content });
    if (twin !== null) {
      rulings.push(duplicate(staged, twin));
      continue;
    }
    const isTaken = ids.has(staged.value.id);
    if (isTaken && Object.keys(secrets).length > 0) {
      rulings.push(quarantined(staged, TAKEN));
      continue;
    }
    const id = isTaken ? contentId({ noun, id: staged.value.id, content }) : staged.value.id;
    const given = names.give({ id, name, at, origin, content });
    ids.add(id);
    added.set(id, { staged, name: given.name });
    if (given.displaced === null) continue;
    // What this chunk adds is not written yet: it is written under its other name.
    const pending = added.get(given.displaced.id);
    if (pending) pending.name = given.displaced.to;
    else displaced.push({ ...given.displaced, cause: provenanceOf(staged) });
  }
  const meant = await rename(context, noun, displaced);
  const rows: ConfigurationTable[] = [];
  for (const [id, { staged, name }] of added) {
    const row = configurationRow(staged, id, name);
    const hash = rowHash(row);
    rows.push(row);
    meant.push({ table, id, hash, from: provenanceOf(staged) });
    const isRenamed = name !== staged.value.name;
    rulings.push({
      staged,
      decision: isRenamed ? 'renamed' : 'added',
      reason: isRenamed ? 'A newer one has its name.' : null,
      id,
      rowHash: hash,
    });
  }
  return { rulings, rows: { [table]: rows }, meant };
}

/** Whatever has a name or an id that is asked for. */
async function presentOf(
  { tx }: SettleContext,
  table: (typeof NAMED_TABLES)[ConfigurationImport],
  sound: readonly Staged<ConfigurationImport>[],
  before: readonly string[],
): Promise<Named[]> {
  if (sound.length === 0) return [];
  const names = namesAskedFor(sound.map(({ value }) => value));
  const ids = [...sound.map(({ value }) => value.id), ...before];
  const rows = await tx
    .selectFrom(table)
    .selectAll()
    .where((eb) => eb.or([eb('name', 'in', names), eb('id', 'in', ids)]))
    .execute();
  return rows.map((row) => ({ id: row.id, name: row.name, at: row.updated_at, content: configurationContent(row) }));
}

function configurationRow({ value }: Staged<ConfigurationImport>, id: string, name: string): ConfigurationTable {
  const { type, parameters, secrets, createdAt, updatedAt } = value;
  return { id, name, type, parameters, secrets, revision: value.revision ?? 1, created_at: createdAt, updated_at: updatedAt };
}
