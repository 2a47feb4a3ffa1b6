import type { Alert } from '#catalog';
import { uuidv7 } from '#core';
import type { AlertDraft } from './alerts.service.js';

/** An alert as it is when it is first raised. @param delivery of the message about it. */
export function newAlert(draft: AlertDraft, delivery: 'none' | 'pending'): Alert {
  const nowMs = Date.now();
  const now = new Date(nowMs).toISOString();
  const { type, severity, fingerprint, summary, storeId = null, userId = null, details = {} } = draft;
  return {
    alertId: uuidv7(nowMs),
    type,
    severity,
    fingerprint,
    storeId,
    userId,
    summary,
    details,
    state: 'firing',
    firstAt: now,
    lastAt: now,
    times: 1,
    resolvedAt: null,
    acknowledgedAt: null,
    acknowledgedBy: null,
    delivery: { state: delivery, attempts: 0, lastError: null, sentAt: null },
  };
}
