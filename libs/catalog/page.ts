/** Which part of a list: so many, after the one with this id. */
export interface PageRequest {
  readonly limit: number;
  /** Null for the first page. */
  readonly after: string | null;
}

/** A part of a list in the order of ids, and the id to go on after; null after the last. */
export interface CatalogPage<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** Makes a page of rows that were selected with one more than the limit, which tells whether there is more. */
export function pageOf<R, T>(rows: readonly R[], limit: number, idOf: (row: R) => string, toItem: (row: R) => T): CatalogPage<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(toItem), next: rows.length > limit && last !== undefined ? idOf(last) : null };
}
