import { InvalidInput, isUuid, type Stretch } from '#core';
import { decodeCursor, encodeCursor } from './cursor.js';
import type { Page, PageQuery } from './page.js';

/**
 * A page of a list that is ordered by id, newest first.
 * @param list fetches up to `limit` entries before the id `before`.
 */
export async function pageById<T extends { readonly id: string }>(
  query: PageQuery,
  list: (page: { readonly limit: number; readonly before: string | null }) => Promise<T[]>,
): Promise<Page<T>> {
  // One more than wanted says whether there is a next page.
  const found = await list({ limit: query.limit + 1, before: query.cursor === undefined ? null : idIn(query.cursor) });
  const items = found.slice(0, query.limit);
  return { items, nextCursor: found.length > query.limit ? encodeCursor(items.at(-1)?.id ?? null) : null };
}

/** A page of a list that is ordered by a position, first to last. @param list fetches up to `limit` entries, or fewer, after the position `after`. */
export async function pageByPosition<T extends { readonly position: number }>(
  query: PageQuery,
  list: (page: { readonly limit: number; readonly after: number }) => Promise<Stretch<T>>,
): Promise<Page<T>> {
  const { rows, more } = await list({ limit: query.limit, after: query.cursor === undefined ? -1 : positionIn(query.cursor) });
  return { items: rows, nextCursor: more ? encodeCursor(rows.at(-1)?.position ?? -1) : null };
}

function idIn(cursor: string): string {
  const place = decodeCursor(cursor);
  if (typeof place === 'string' && isUuid(place)) return place;
  throw foreignCursor();
}

function positionIn(cursor: string): number {
  const place = decodeCursor(cursor);
  if (typeof place === 'number' && Number.isSafeInteger(place)) return place;
  throw foreignCursor();
}

function foreignCursor(): InvalidInput {
  return new InvalidInput('The cursor belongs to another list.', [
    { pointer: '/cursor', detail: 'must be the nextCursor of an earlier page of this list' },
  ]);
}
