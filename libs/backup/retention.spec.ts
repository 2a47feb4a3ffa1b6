import { describe, expect, it } from '@jest/globals';
import type { Manifest } from './manifest.js';
import { superfluous } from './retention.js';

type Backup = Pick<Manifest, 'id' | 'userId' | 'begunAt' | 'files' | 'skipped'>;

const holding = (storeId: string) => ({ kind: 'memory', path: '', bytes: 1, sha256: '', schema: '', storeId, userId: storeId }) as const;

/** A backup of a moment, which is its id as well. */
function of(begunAt: string, { holds = ['a', 'b'], misses = [] as string[], userId = null as string | null } = {}): Backup {
  const skipped = misses.map((storeId) => ({ storeId, userId: storeId, reason: 'It was held.' }));
  return { id: begunAt, userId, begunAt, files: holds.map(holding), skipped };
}

/** One of each day, the newest first, from a Sunday on. */
const days = (count: number): Backup[] =>
  Array.from({ length: count }, (_, index) => of(new Date(Date.UTC(2026, 2, 29, 3) - index * 86_400_000).toISOString()));

const kept = (backups: readonly Backup[], retention: Parameters<typeof superfluous>[1]): string[] => {
  const gone = new Set(superfluous(backups, retention));
  return backups.map(({ id }) => id).filter((id) => !gone.has(id));
};

describe('Retention', () => {
  it('keeps the newest, in whatever order they are given, and never the last one away', () => {
    const four = days(4);
    expect(kept(four.toReversed(), { last: 2, daily: 0, weekly: 0 }).toSorted().reverse()).toEqual(four.slice(0, 2).map(({ id }) => id));
    expect(kept(four, { last: 0, daily: 0, weekly: 0 })).toEqual([four[0]?.id]);
    expect(superfluous([], { last: 0, daily: 0, weekly: 0 })).toEqual([]);
  });

  it('keeps the newest of each day and of each week, which begins on a Monday', () => {
    const hours = [5, 4, 3].map((hour) => of(`2026-03-2${hour}T12:00:00.000Z`));
    const more = [of('2026-03-25T23:59:59.999Z'), ...hours, of('2026-03-25T00:00:00.000Z')];
    expect(kept(more, { last: 0, daily: 2, weekly: 0 })).toEqual(['2026-03-25T23:59:59.999Z', '2026-03-24T12:00:00.000Z']);
    expect(kept(days(22), { last: 1, daily: 0, weekly: 3 }).map((id) => id.slice(0, 10))).toEqual([
      '2026-03-29',
      '2026-03-22',
      '2026-03-15',
    ]);
  });

  it('keeps the only one that holds what later ones could not copy', () => {
    const later = ['2026-03-05', '2026-03-04', '2026-03-03'].map((day) => of(`${day}T00:00:00.000Z`, { holds: ['a'], misses: ['b'] }));
    const both = ['2026-03-02', '2026-03-01'].map((day) => of(`${day}T00:00:00.000Z`));
    expect(kept([...later, ...both], { last: 1, daily: 0, weekly: 0 })).toEqual([later[0]?.id, both[0]?.id]);
    // What is not there any more need not be kept for ever.
    const without = of('2026-03-06T00:00:00.000Z', { holds: ['a'] });
    expect(kept([without, ...later, ...both], { last: 1, daily: 0, weekly: 0 })).toEqual([without.id]);
  });

  it('counts those of one person for themselves', () => {
    const all = days(3);
    const own = days(3).map((backup) => ({ ...backup, id: `own ${backup.id}`, userId: 'ada' }));
    expect(kept([...all, ...own], { last: 2, daily: 0, weekly: 0 })).toEqual([...all.slice(0, 2), ...own.slice(0, 2)].map(({ id }) => id));
  });
});
