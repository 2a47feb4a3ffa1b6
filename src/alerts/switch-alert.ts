import type { SwitchFinding } from '../db-connection/switches.service.js';
import type { AlertDraft } from './alerts.service.js';

export const SWITCH_ALERT = 'memory-switch';

/** The same for the same switch, in whichever process it is seen. */
export function switchFingerprint({ kind, storeId, file }: Pick<SwitchFinding, 'kind' | 'storeId' | 'file'>): string {
  return `${SWITCH_ALERT}:${kind}:${storeId ?? ''}:${file ?? ''}`;
}

/** The alert about a switch. */
export function switchAlert(found: SwitchFinding): AlertDraft {
  const { kind, storeId, userId, file, reason } = found;
  const details = { kind, file };
  return { type: SWITCH_ALERT, severity: 'critical', fingerprint: switchFingerprint(found), storeId, userId, summary: reason, details };
}
