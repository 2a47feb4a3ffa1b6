import type { LegacyRow } from '../reading/legacy-row.js';
import type { Evidence } from './evidence.js';
import { isSharedName } from './names.js';

/** Labels under which people put their own name. */
const NAMING_LABELS = ['operator', 'user_id', 'user', 'username', 'user_context', 'created_by', 'owner'];

/** What a row itself says of its owner. */
export function ownersByRow(row: LegacyRow): readonly Evidence[] {
  switch (row.noun) {
    case 'generator':
    case 'converter':
    case 'scorer':
    case 'dataset':
    case 'session':
    case 'apiKey':
      return named('user-id', row.value.userId, 'certain', 'Its user_id names');
    case 'orchestrator':
    case 'execution':
      return named('created-by', row.value.createdBy, 'certain', 'Its created_by names');
    case 'seed':
      return named('added-by', row.value.addedBy, 'weak', 'Its added_by names');
    case 'message':
    case 'attackResult':
      return NAMING_LABELS.flatMap((label) => named('label', row.value.labels[label] ?? null, 'weak', `Its label '${label}' names`));
    default:
      return [];
  }
}

function named(
  source: Evidence['source'],
  owner: string | null,
  confidence: Evidence['confidence'],
  beginning: string,
): readonly Evidence[] {
  if (owner === null || owner.trim() === '') return [];
  if (isSharedName(owner))
    return [{ source, owner, confidence: 'none', because: `${beginning} '${owner}', which everybody may have borne.` }];
  return [{ source, owner, confidence, because: `${beginning} '${owner}'.` }];
}
