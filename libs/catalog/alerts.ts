import { NotFound, type JsonObject } from '#core';
import type { AuditTrail } from './audit-trail.js';
import { pageOf, type CatalogPage, type PageRequest } from './page.js';
import type { AlertRow } from './schema.js';
import type { CatalogStorage } from './storage.js';

export type AlertSeverity = 'info' | 'warning' | 'critical';
/** It fires until its cause is gone. */
export type AlertState = 'firing' | 'resolved';
/** Of the message about its present state. `none`: there was nowhere to send it to. */
export type DeliveryState = 'none' | 'pending' | 'sent' | 'failed';

/** How far the message about an alert has come. */
export interface AlertDelivery {
  readonly state: DeliveryState;
  readonly attempts: number;
  /** Why the last attempt failed, in words. */
  readonly lastError: string | null;
  readonly sentAt: string | null;
}

/** Something that an operator has to know. Ids and states only: no prompt, no answer, no name of a person, no key. */
export interface Alert {
  readonly alertId: string;
  /** `memory-switch`, `disk-space` … */
  readonly type: string;
  readonly severity: AlertSeverity;
  /** What makes it the same alert. Of those that fire there is one of each. */
  readonly fingerprint: string;
  readonly storeId: string | null;
  readonly userId: string | null;
  /** A sentence: what it is, and what to do. */
  readonly summary: string;
  readonly details: JsonObject;
  readonly state: AlertState;
  readonly firstAt: string;
  readonly lastAt: string;
  /** How often it was raised. */
  readonly times: number;
  readonly resolvedAt: string | null;
  readonly acknowledgedAt: string | null;
  /** The id of an administrator. */
  readonly acknowledgedBy: string | null;
  readonly delivery: AlertDelivery;
}

export interface AlertFilter {
  readonly state?: AlertState | undefined;
  readonly acknowledged?: boolean | undefined;
}

/** What operators were alerted of. */
export class Alerts {
  constructor(
    private readonly storage: CatalogStorage,
    private readonly audit: AuditTrail,
  ) {}

  /** Enters an alert, or counts it where the same one fires already. @returns what is in the catalog then. */
  raise(alert: Alert): Promise<Alert> {
    return this.storage.transact(async (tx) => {
      const known = await tx
        .selectFrom('alerts')
        .selectAll()
        .where('fingerprint', '=', alert.fingerprint)
        .where('state', '=', 'firing')
        .executeTakeFirst();
      if (!known || alert.state !== 'firing') {
        await tx.insertInto('alerts').values(toRow(alert)).execute();
        return alert;
      }
      const counted = { times: known.times + alert.times, last_at: alert.lastAt };
      await tx.updateTable('alerts').set(counted).where('alert_id', '=', known.alert_id).execute();
      return toAlert({ ...known, ...counted });
    });
  }

  /** Notes how often an alert was raised by now. */
  async count({ alertId, times, lastAt }: Pick<Alert, 'alertId' | 'times' | 'lastAt'>): Promise<void> {
    await this.storage.transact((tx) => tx.updateTable('alerts').set({ times, last_at: lastAt }).where('alert_id', '=', alertId).execute());
  }

  /** The cause of an alert is gone. @param delivery of the message that says so. */
  async resolve({ alertId, times, lastAt }: Pick<Alert, 'alertId' | 'times' | 'lastAt'>, delivery: 'none' | 'pending'): Promise<void> {
    const change = { state: 'resolved', resolved_at: this.storage.now(), times, last_at: lastAt };
    const message = { delivery, attempts: 0, last_error: null, sent_at: null };
    await this.storage.transact((tx) =>
      tx
        .updateTable('alerts')
        .set({ ...change, ...message })
        .where('alert_id', '=', alertId)
        .execute(),
    );
  }

  /** Notes what became of a message about some alerts in a state, which they may have left since. */
  async delivered(alertIds: readonly string[], about: AlertState, { state, attempts, lastError, sentAt }: AlertDelivery): Promise<void> {
    if (alertIds.length === 0) return;
    const change = { delivery: state, attempts, last_error: lastError, sent_at: sentAt };
    await this.storage.transact((tx) =>
      tx.updateTable('alerts').set(change).where('alert_id', 'in', alertIds).where('state', '=', about).execute(),
    );
  }

  /** Notes that an administrator knows of it. Whoever was first stays. @throws NotFound */
  acknowledge(alertId: string, actor: string): Promise<Alert> {
    return this.storage.transact(async (tx) => {
      const row = await tx.selectFrom('alerts').selectAll().where('alert_id', '=', alertId).executeTakeFirst();
      if (!row) throw new NotFound('alert', alertId);
      if (row.acknowledged_at !== null) return toAlert(row);
      const change = { acknowledged_at: this.storage.now(), acknowledged_by: actor };
      await tx.updateTable('alerts').set(change).where('alert_id', '=', alertId).execute();
      await this.audit.write(tx, actor, 'alert.acknowledged', alertId);
      return toAlert({ ...row, ...change });
    });
  }

  /** @throws NotFound */
  async get(alertId: string): Promise<Alert> {
    const row = await this.storage.read((db) => db.selectFrom('alerts').selectAll().where('alert_id', '=', alertId).executeTakeFirst());
    if (!row) throw new NotFound('alert', alertId);
    return toAlert(row);
  }

  /** The newest first. */
  async list({ limit, after }: PageRequest, { state, acknowledged }: AlertFilter = {}): Promise<CatalogPage<Alert>> {
    const rows = await this.storage.read((db) =>
      db
        .selectFrom('alerts')
        .selectAll()
        .$if(state !== undefined, (query) => query.where('state', '=', state ?? ''))
        .$if(acknowledged !== undefined, (query) => query.where('acknowledged_at', acknowledged ? 'is not' : 'is', null))
        .$if(after !== null, (query) => query.where('alert_id', '<', after ?? ''))
        .orderBy('alert_id', 'desc')
        .limit(limit + 1)
        .execute(),
    );
    return pageOf(rows, limit, (row) => row.alert_id, toAlert);
  }

  /** Those whose cause is not gone, oldest first. */
  firing(): Promise<readonly Alert[]> {
    return this.#where('state', 'firing');
  }

  /** Those of which nobody has been told yet, oldest first. */
  pending(): Promise<readonly Alert[]> {
    return this.#where('delivery', 'pending');
  }

  /** For a server that goes on beside the one that has raised them: nothing fires there, and nobody is told of what the other one has to tell. */
  async leaveToOriginal(): Promise<void> {
    await this.storage.transact(async (tx) => {
      const over = { state: 'resolved', resolved_at: this.storage.now() };
      await tx.updateTable('alerts').set({ delivery: 'none' }).where('delivery', '=', 'pending').execute();
      await tx.updateTable('alerts').set(over).where('state', '=', 'firing').execute();
    });
  }

  /** Removes those that were resolved before a moment. */
  async removeResolvedBefore(moment: string): Promise<void> {
    await this.storage.transact((tx) =>
      tx.deleteFrom('alerts').where('state', '=', 'resolved').where('resolved_at', '<', moment).execute(),
    );
  }

  async #where(column: 'state' | 'delivery', value: string): Promise<readonly Alert[]> {
    const rows = await this.storage.read((db) =>
      db.selectFrom('alerts').selectAll().where(column, '=', value).orderBy('alert_id').execute(),
    );
    return rows.map(toAlert);
  }
}

function toRow(alert: Alert): AlertRow {
  const { delivery } = alert;
  return {
    alert_id: alert.alertId,
    type: alert.type,
    severity: alert.severity,
    fingerprint: alert.fingerprint,
    store_id: alert.storeId,
    user_id: alert.userId,
    summary: alert.summary,
    details: alert.details,
    state: alert.state,
    first_at: alert.firstAt,
    last_at: alert.lastAt,
    times: alert.times,
    resolved_at: alert.resolvedAt,
    acknowledged_at: alert.acknowledgedAt,
    acknowledged_by: alert.acknowledgedBy,
    delivery: delivery.state,
    attempts: delivery.attempts,
    last_error: delivery.lastError,
    sent_at: delivery.sentAt,
  };
}

function toAlert(row: AlertRow): Alert {
  return {
    alertId: row.alert_id,
    type: row.type,
    severity: row.severity as AlertSeverity,
    fingerprint: row.fingerprint,
    storeId: row.store_id,
    userId: row.user_id,
    summary: row.summary,
    details: row.details,
    state: row.state as AlertState,
    firstAt: row.first_at,
    lastAt: row.last_at,
    times: row.times,
    resolvedAt: row.resolved_at,
    acknowledgedAt: row.acknowledged_at,
    acknowledgedBy: row.acknowledged_by,
    delivery: { state: row.delivery as DeliveryState, attempts: row.attempts, lastError: row.last_error, sentAt: row.sent_at },
  };
}
