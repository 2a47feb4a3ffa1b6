import { uuidv7, type JsonObject } from '#core';
import type { Alert } from '#catalog';

/** Alerts of which a summary gives the id. */
const MOST_LISTED = 100;

/** What is posted. */
export interface AlertMessage {
  /** The same whenever it is sent again. */
  readonly id: string;
  readonly body: string;
}

/** The message about one alert in its present state. */
export function messageOf(alert: Alert, nowMs: number): AlertMessage {
  const { alertId: id, state, delivery: _, ...told } = alert;
  return { id: `${id}-${state}`, body: toBody(`alert.${state}`, nowMs, { id, state, ...told }) };
}

/** One message about several alerts, because there were too many to send one for each. */
export function summaryOf(alerts: readonly Alert[], nowMs: number): AlertMessage {
  const count = (of: (alert: Alert) => string): JsonObject => {
    const counts: Record<string, number> = {};
    for (const alert of alerts) counts[of(alert)] = (counts[of(alert)] ?? 0) + 1;
    return counts;
  };
  const data = {
    alerts: alerts.length,
    byState: count(({ state }) => state),
    bySeverity: count(({ severity }) => severity),
    byType: count(({ type }) => type),
    listed: alerts.slice(0, MOST_LISTED).map(({ alertId: id, type, severity, state }) => ({ id, type, severity, state })),
  };
  return { id: `summary-${uuidv7(nowMs)}`, body: toBody('alert.summary', nowMs, data) };
}

function toBody(type: string, nowMs: number, data: JsonObject): string {
  return JSON.stringify({ type, timestamp: new Date(nowMs).toISOString(), data });
}
