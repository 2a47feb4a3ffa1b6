import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Alert, AlertDelivery, AlertFilter, AlertSeverity, AlertState, CatalogPage, PageRequest } from '#catalog';
import { Conflict, systemClock, uuidv7, type JsonObject } from '#core';
import { CatalogService } from '../catalog/catalog.service.js';
import { Config } from '../config/config.js';
import { messageOf } from './alert-message.js';
import { newAlert } from './new-alert.js';
import { Delivery } from './delivery.js';
import { Webhook, type WebhookAnswer } from './webhook.js';

/** How often at most it is written that an alert was raised once more. */
const COUNT_MS = 60_000;

/** What somebody has found. Ids and states only: no prompt, no answer, no name of a person, no key. */
export interface AlertDraft {
  /** In kebab-case: `disk-space`. */
  readonly type: string;
  readonly severity: AlertSeverity;
  /** What makes it the same alert. While it fires, whoever raises it again only has it counted. */
  readonly fingerprint: string;
  readonly storeId?: string | null;
  readonly userId?: string | null;
  /** A sentence: what it is, and what to do. */
  readonly summary: string;
  readonly details?: JsonObject;
}

interface Firing {
  alert: Alert;
  /** Whether the catalog has it: a full disk must not keep anybody from being alerted. */
  kept: boolean;
  writtenMs: number;
}

/** What operators have to know: kept in the catalog, once while it lasts, and told to their webhook. */
@Injectable()
export class AlertsService implements OnModuleInit, OnApplicationShutdown {
  readonly #log = new Logger(AlertsService.name);
  readonly #webhook: Webhook | null;
  readonly #delivery: Delivery | null;
  readonly #firing = new Map<string, Firing>();
  readonly #loaded = Promise.withResolvers<void>();
  /** Alerts that are over, which the catalog could not be told yet. */
  readonly #owed = new Map<string, Alert>();
  /** One after the other, in the order in which they were raised and resolved. */
  #turn: Promise<void> = this.#loaded.promise;

  constructor(
    config: Config,
    private readonly catalog: CatalogService,
  ) {
    const webhook = config.alertWebhook && new Webhook(config.alertWebhook, config.outbound);
    this.#webhook = webhook;
    this.#delivery =
      webhook &&
      new Delivery({
        clock: systemClock,
        post: (message, signal) => webhook.post(message, signal),
        delivered: (ids, about, delivery) => this.#delivered(ids, about, delivery),
        random: Math.random,
      });
  }

  async onModuleInit(): Promise<void> {
    const { alerts } = this.catalog;
    for (const alert of await alerts.firing()) this.#firing.set(alert.fingerprint, { alert, kept: true, writtenMs: Date.now() });
    const pending = await alerts.pending();
    this.#loaded.resolve();
    for (const alert of pending) this.#delivery?.add(alert);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#delivery?.close();
    // If the start failed before anything was loaded, nothing can be written either.
    this.#loaded.resolve();
    await this.#turn;
    await this.#settleOwed().catch(() => undefined);
    for (const firing of this.#firing.values()) if (firing.kept) await this.#writeCount(firing).catch(() => undefined);
    await this.#webhook?.[Symbol.asyncDispose]();
  }

  /** Alerts operators, or counts it when they are already. Nobody who raises an alert waits, or has to do with what becomes of it. */
  raise(draft: AlertDraft): void {
    this.#inTurn(() => this.#raise(draft));
  }

  /** The cause of an alert is gone. One that does not fire is nothing. */
  resolve(fingerprint: string): void {
    this.#inTurn(() => this.#resolve(fingerprint));
  }

  /** Resolves the alerts of a type whose causes are gone. @param gone is asked when everything that was raised before is entered. */
  resolveAll(type: string, gone: (fingerprint: string) => boolean): void {
    this.#inTurn(async () => {
      const over = [...this.#firing.values()].filter(({ alert }) => alert.type === type && gone(alert.fingerprint));
      for (const { alert } of over) await this.#resolve(alert.fingerprint);
    });
  }

  /** Those of a type that fire. */
  firing(type: string): readonly Alert[] {
    return [...this.#firing.values()].map(({ alert }) => alert).filter((alert) => alert.type === type);
  }

  /** How many fire, by severity. */
  firingBySeverity(): ReadonlyMap<AlertSeverity, number> {
    const counts = new Map<AlertSeverity, number>([
      ['info', 0],
      ['warning', 0],
      ['critical', 0],
    ]);
    for (const { alert } of this.#firing.values()) counts.set(alert.severity, (counts.get(alert.severity) ?? 0) + 1);
    return counts;
  }

  /** Of how many of them the webhook could not be told, for now or at all. */
  undelivered(): number {
    return [...this.#firing.values()].filter(
      ({ alert: { delivery } }) => delivery.state === 'failed' || (delivery.attempts > 0 && delivery.state === 'pending'),
    ).length;
  }

  list(page: PageRequest, filter: AlertFilter): Promise<CatalogPage<Alert>> {
    return this.catalog.alerts.list(page, filter);
  }

  get(alertId: string): Promise<Alert> {
    return this.catalog.alerts.get(alertId);
  }

  acknowledge(alertId: string, actor: string): Promise<Alert> {
    return this.catalog.alerts.acknowledge(alertId, actor);
  }

  /** Removes those that were resolved before a moment. */
  removeResolvedBefore(moment: Date): Promise<void> {
    return this.catalog.alerts.removeResolvedBefore(moment.toISOString());
  }

  /** Sends a test alert, once. @throws Conflict when there is no webhook. */
  async test(): Promise<WebhookAnswer> {
    if (!this.#webhook) throw new Conflict('There is no webhook to send to. Set ALERT_WEBHOOK_URL, and start the server again.');
    const draft = {
      type: 'test',
      severity: 'info',
      fingerprint: `test:${uuidv7()}`,
      summary: 'This is a test. There is nothing to do.',
    } as const;
    const made = newAlert(draft, 'pending');
    const alert: Alert = { ...made, state: 'resolved', resolvedAt: made.firstAt };
    const answer = await this.#webhook.post(messageOf(alert, Date.now()));
    const { taken, said } = answer;
    const delivery: AlertDelivery = {
      state: taken ? 'sent' : 'failed',
      attempts: 1,
      lastError: taken ? null : said,
      sentAt: taken ? new Date().toISOString() : null,
    };
    await this.catalog.alerts.raise({ ...alert, delivery });
    return answer;
  }

  #inTurn(job: () => Promise<void>): void {
    this.#turn = this.#turn.then(job).catch((error: unknown) => {
      this.#log.error({ err: error }, 'an alert could not be handled');
    });
  }

  async #raise(draft: AlertDraft): Promise<void> {
    const known = this.#firing.get(draft.fingerprint);
    if (known) return this.#raiseAgain(known);
    // Of the same alert there may be an earlier one that the catalog takes for firing.
    if (this.#owed.size > 0) await this.#settleOwed().catch(() => undefined);
    const alert = newAlert(draft, this.#delivery ? 'pending' : 'none');
    const firing: Firing = { alert, kept: false, writtenMs: 0 };
    this.#firing.set(alert.fingerprint, firing);
    const { alertId, type, severity, storeId, userId } = alert;
    this.#log.warn({ alertId, type, severity, storeId, userId }, 'operators are alerted');
    await this.#enter(firing);
    this.#delivery?.add(firing.alert);
  }

  async #raiseAgain(firing: Firing): Promise<void> {
    firing.alert = { ...firing.alert, times: firing.alert.times + 1, lastAt: new Date().toISOString() };
    if (Date.now() - firing.writtenMs < COUNT_MS) return;
    if (firing.kept) await this.#writeCount(firing);
    else await this.#enter(firing);
  }

  async #writeCount(firing: Firing): Promise<void> {
    await this.catalog.alerts.count(firing.alert);
    firing.writtenMs = Date.now();
  }

  async #enter(firing: Firing): Promise<void> {
    firing.writtenMs = Date.now();
    try {
      firing.alert = await this.catalog.alerts.raise(firing.alert);
      firing.kept = true;
    } catch (error) {
      const { alertId, type } = firing.alert;
      this.#log.error({ alertId, type, err: error }, 'an alert could not be entered in the catalog; it is sent all the same');
    }
  }

  async #resolve(fingerprint: string): Promise<void> {
    const firing = this.#firing.get(fingerprint);
    if (!firing) return;
    this.#firing.delete(fingerprint);
    const { alert } = firing;
    const delivery: AlertDelivery = { state: this.#delivery ? 'pending' : 'none', attempts: 0, lastError: null, sentAt: null };
    const resolved: Alert = { ...alert, state: 'resolved', resolvedAt: new Date().toISOString(), delivery };
    this.#log.log({ alertId: alert.alertId, type: alert.type }, 'an alert is over');
    this.#delivery?.add(resolved);
    if (firing.kept) this.#owed.set(alert.alertId, alert);
    else await this.catalog.alerts.raise(resolved);
    await this.#settleOwed();
  }

  async #settleOwed(): Promise<void> {
    for (const alert of this.#owed.values()) {
      await this.catalog.alerts.resolve(alert, this.#delivery ? 'pending' : 'none');
      this.#owed.delete(alert.alertId);
    }
  }

  async #delivered(alertIds: readonly string[], about: AlertState, delivery: AlertDelivery): Promise<void> {
    const { state, attempts, lastError } = delivery;
    if (state === 'failed') this.#log.error({ alertIds, attempts }, `operators could not be alerted. ${lastError ?? ''}`);
    else if (state === 'pending') this.#log.warn({ alertIds, attempts }, `operators could not be alerted yet. ${lastError ?? ''}`);
    // Whatever is being entered at the moment has to be there first.
    await this.#turn;
    for (const firing of this.#firing.values())
      if (alertIds.includes(firing.alert.alertId) && about === 'firing') firing.alert = { ...firing.alert, delivery };
    await this.catalog.alerts.delivered(alertIds, about, delivery).catch((error: unknown) => {
      this.#log.error({ alertIds, err: error }, 'what became of an alert could not be noted');
    });
  }
}
