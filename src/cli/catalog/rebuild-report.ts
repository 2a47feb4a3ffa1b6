import { textTable } from '../text-table.js';
import type { Rebuild } from './rebuild.js';

/** What a rebuild did, and what is left to do by hand, as lines to print. */
export function rebuildReport({ memories, written, movedTo }: Rebuild): string[] {
  const rows = memories.map(({ file, store, leftOut }) => [
    store?.userId ?? '?',
    store?.name ?? '?',
    file,
    leftOut === null ? 'restored' : `left out: ${leftOut}`,
  ]);
  const columns = ['user id', 'name', 'file', 'state'].map((title) => ({ title, align: 'left' }) as const);
  const contested = memories.flatMap(({ store, contestedAliases }) =>
    contestedAliases.map(
      ({ issuer, name }) => `The alias ${name} (${issuer}) of ${store?.userId} is claimed by another memory too: not bound.`,
    ),
  );
  const conclusion = written ? whatIsLeft(movedTo, memories) : [`None of the ${rows.length} files could be restored. Nothing was changed.`];
  return [...textTable(columns, rows), '', ...contested, ...conclusion];
}

function whatIsLeft(movedTo: Rebuild['movedTo'], memories: Rebuild['memories']): string[] {
  const leftOut = memories.some((memory) => memory.leftOut !== null);
  return [
    ...(movedTo === null ? [] : [`The former catalog is now ${movedTo}.`]),
    'What was not in the memories is gone: API keys, granted roles, the audit trail. Whoever used a key makes a new one',
    '(POST /api/v2/api-keys); administrators are named in ADMIN_USERS. A memory that was archived is active again,',
    'unless it was merged into one that is here.',
    ...(leftOut
      ? ['What was left out is untouched, and stays closed. Move away what does not belong there, and rebuild with --force.']
      : []),
  ];
}
