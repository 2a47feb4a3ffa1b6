import type { MemoryCopy } from './memory-copy.ts';

const NAMES = ['executions', 'items', 'attempts', 'retries', 'lost', 'unknown', 'cancelled', 'scores'] as const;

/** What journals hold. */
export type JournalFigures = Readonly<Record<(typeof NAMES)[number], number>>;

/** Of one memory, in which `TRIES` were made. */
export async function figuresOf(memory: MemoryCopy): Promise<JournalFigures> {
  const [figures] = await memory.rows<JournalFigures>(`select
    (select count(*) from executions)::integer as executions,
    (select count(*) from items)::integer as items,
    (select count(*) from tries)::integer as attempts,
    (select count(*) from tries where came = 'failed' and following is not null)::integer as retries,
    (select count(*) from tries where came = 'lost')::integer as lost,
    (select count(*) from outcomes where state = 'unknown')::integer as unknown,
    (select count(*) from outcomes where state = 'cancelled')::integer as cancelled,
    (select count(*) from scores)::integer as scores`);
  if (!figures) throw new Error('The memory counts nothing.');
  return figures;
}

/** Of several memories together. */
export function sumOf(figures: readonly JournalFigures[]): JournalFigures {
  const entries = NAMES.map((name) => [name, figures.reduce((sum, each) => sum + each[name], 0)]);
  return Object.fromEntries(entries) as JournalFigures;
}
