import { isUuid, type JsonValue } from '#core';
import { configurationContent } from './canonical.js';
import { sourceKey, takenIn } from './ledger.js';
import type { ConfigurationImport } from './noun-tables.js';
import type { SettleContext, Staged } from './staged.js';

/**
 * Configurations that refer to others as those are here: an orchestrator whose generator was a duplicate under another id refers to the one that is
 * there. Their content is what they say then, so that two files which mean the same say the same.
 */
export async function withReferencesHere(
  { tx }: SettleContext,
  sound: readonly Staged<ConfigurationImport>[],
): Promise<Staged<ConfigurationImport>[]> {
  const ids = [...new Set(sound.flatMap(({ value }) => idsIn(value.parameters)))];
  const here = await takenIn(tx, ['generator', 'converter', 'scorer'], [...new Set(sound.map(({ file }) => file))], ids);
  if (here.size === 0) return [...sound];
  return sound.map((staged) => {
    const text = JSON.stringify(staged.value.parameters, (_name, member: JsonValue) =>
      typeof member === 'string' ? (here.get(sourceKey(staged.file, member)) ?? member) : member,
    );
    const value = { ...staged.value, parameters: JSON.parse(text) as typeof staged.value.parameters };
    return { ...staged, value, content_hash: configurationContent(value) };
  });
}

/** Whatever in it may be the id of something. */
function idsIn(value: JsonValue | undefined): string[] {
  if (typeof value === 'string') return isUuid(value) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((member) => idsIn(member));
}
