import type { CatalogPage, PageRequest } from '#catalog';
import { InvalidInput, isUuid } from '#core';
import { decodeCursor, encodeCursor } from '../http/cursor.js';
import type { Page, PageQuery } from '../http/page.js';

/** What the catalog is asked for. Its cursors are ids. @throws InvalidInput for a cursor that is none. */
export function catalogPage({ limit, cursor }: PageQuery): PageRequest {
  if (cursor === undefined) return { limit, after: null };
  const after = decodeCursor(cursor);
  if (typeof after === 'string' && isUuid(after)) return { limit, after };
  throw new InvalidInput('The cursor is not one of this list.', [
    { pointer: '/cursor', detail: 'must be the nextCursor of an earlier page, unchanged' },
  ]);
}

/** What the client gets of it. */
export function httpPage<T, D>({ items, next }: CatalogPage<T>, toDto: (item: T) => D): Page<D> {
  return { items: items.map(toDto), nextCursor: next === null ? null : encodeCursor(next) };
}
