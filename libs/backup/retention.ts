import type { Manifest } from './manifest.js';

/** How many are kept: of the newest, of the newest of each day, of the newest of each week. */
export interface Retention {
  readonly last: number;
  readonly daily: number;
  readonly weekly: number;
}

type Kept = Pick<Manifest, 'id' | 'userId' | 'begunAt' | 'files' | 'skipped'>;

/**
 * Which of the whole backups of one installation need not be kept any more. Those of one person are counted for themselves. The newest of each is always
 * kept, and so is the newest that holds a memory which later ones had to leave out.
 * @returns their ids.
 */
export function superfluous(backups: readonly Kept[], retention: Retention): string[] {
  const byScope = Map.groupBy(backups, ({ userId }) => userId);
  return [...byScope.values()].flatMap((scope) => superfluousOf(scope.toSorted(newestFirst), retention));
}

function superfluousOf(backups: readonly Kept[], { last, daily, weekly }: Retention): string[] {
  const kept = new Set(backups.slice(0, Math.max(1, last)));
  for (const backup of newestOfEach(backups, dayOf).slice(0, daily)) kept.add(backup);
  for (const backup of newestOfEach(backups, weekOf).slice(0, weekly)) kept.add(backup);
  for (const backup of onlyHolders(backups)) kept.add(backup);
  return backups.filter((backup) => !kept.has(backup)).map(({ id }) => id);
}

/** The newest that hold what the newest of all had to leave out. */
function onlyHolders(backups: readonly Kept[]): Kept[] {
  const missed = backups[0]?.skipped ?? [];
  return missed.flatMap(({ storeId }) => backups.find(({ files }) => files.some((file) => file.storeId === storeId)) ?? []);
}

function newestOfEach(backups: readonly Kept[], periodOf: (begunAt: string) => string): Kept[] {
  const newest = new Map<string, Kept>();
  for (const backup of backups) {
    const period = periodOf(backup.begunAt);
    if (!newest.has(period)) newest.set(period, backup);
  }
  return [...newest.values()];
}

const DAY_MS = 86_400_000;

const dayOf = (begunAt: string): string => begunAt.slice(0, 10);

/** Weeks begin on Mondays, in UTC. The first day of all was a Thursday. */
const weekOf = (begunAt: string): string => String(Math.floor((Date.parse(begunAt) / DAY_MS + 3) / 7));

function newestFirst(a: Kept, b: Kept): number {
  return a.begunAt < b.begunAt ? 1 : -1;
}
