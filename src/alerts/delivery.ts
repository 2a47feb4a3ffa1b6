import type { Alert, AlertDelivery, AlertState } from '#catalog';
import type { Clock } from '#core';
import { messageOf, summaryOf, type AlertMessage } from './alert-message.js';
import { Pace } from './pace.js';
import type { WebhookAnswer } from './webhook.js';

/** With pauses of 5 s, 14 s, 39 s … 40 min between them the last attempt comes after about an hour. */
export const ATTEMPTS = 8;
const FIRST_PAUSE_MS = 5_000;
const FACTOR = 2.8;
/** By how much of itself a pause may be longer: receivers that were down are not stormed. */
const JITTER = 0.2;

export const MOST_PER_MINUTE = 30;
const MINUTE_MS = 60_000;

interface Waiting {
  readonly alert: Alert;
  readonly attempts: number;
  readonly dueMs: number;
}

/** What delivery needs of its surroundings. */
export interface DeliverySurroundings {
  readonly clock: Clock;
  /** Never throws. */
  readonly post: (message: AlertMessage, signal: AbortSignal) => Promise<WebhookAnswer>;
  /** Notes what became of a message. Never throws. */
  readonly delivered: (alertIds: readonly string[], about: AlertState, delivery: AlertDelivery) => Promise<void>;
  /** In [0, 1). */
  readonly random: () => number;
}

/**
 * Sends messages about alerts one after the other, and again when they were not taken. What comes faster than may be sent waits, and is told in one
 * summary when there is room again. Of an alert only the last state is told.
 */
export class Delivery {
  readonly #waiting = new Map<string, Waiting>();
  readonly #pace = new Pace(MOST_PER_MINUTE, MINUTE_MS);
  readonly #end = new AbortController();
  #wake: AbortController | null = null;
  #running: Promise<void> | null = null;

  constructor(private readonly around: DeliverySurroundings) {}

  /** Has the present state of an alert told, as soon as may be. */
  add(alert: Alert): void {
    if (this.#end.signal.aborted) return;
    this.#waiting.set(alert.alertId, { alert, attempts: alert.delivery.attempts, dueMs: this.around.clock.now() });
    this.#wake?.abort();
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
  }

  /** What is under way is cut off: it is pending still, and sent after the next start. */
  async close(): Promise<void> {
    this.#end.abort();
    this.#wake?.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock } = this.around;
    let crowded = false;
    while (this.#waiting.size > 0 && !this.#end.signal.aborted) {
      const now = clock.now();
      const due = [...this.#waiting.values()].filter(({ dueMs }) => dueMs <= now);
      const next = Math.min(...[...this.#waiting.values()].map(({ dueMs }) => dueMs));
      const room = this.#pace.wait(now);
      if (due.length === 0) {
        crowded = false;
        await this.#rest(next - now, true);
      } else if (room > 0) {
        crowded = true;
        await this.#rest(room, false);
      } else {
        await this.#tell(crowded ? due : due.slice(0, 1));
        crowded = false;
      }
    }
  }

  /** @param wakeable whether something new ends the rest. */
  async #rest(ms: number, wakeable: boolean): Promise<void> {
    const wake = new AbortController();
    this.#wake = wakeable ? wake : null;
    await this.around.clock
      .sleep(ms, wakeable ? AbortSignal.any([wake.signal, this.#end.signal]) : this.#end.signal)
      .catch(() => undefined);
    this.#wake = null;
  }

  async #tell(told: readonly Waiting[]): Promise<void> {
    const { clock, post } = this.around;
    const [first] = told;
    if (!first) return;
    this.#pace.take(clock.now());
    const alerts = told.map(({ alert }) => alert);
    const message = alerts.length === 1 ? messageOf(first.alert, clock.now()) : summaryOf(alerts, clock.now());
    const { taken, said } = await post(message, this.#end.signal);
    if (this.#end.signal.aborted && !taken) return;
    for (const waiting of told) await this.#settle(waiting, taken, said);
  }

  async #settle(waiting: Waiting, taken: boolean, said: string): Promise<void> {
    const { clock, delivered, random } = this.around;
    const { alert } = waiting;
    const attempts = waiting.attempts + 1;
    const failed = !taken && attempts >= ATTEMPTS;
    // It may have another state by now, which waits to be told.
    if (this.#waiting.get(alert.alertId) === waiting) {
      const pause = FIRST_PAUSE_MS * FACTOR ** (attempts - 1) * (1 + JITTER * random());
      if (taken || failed) this.#waiting.delete(alert.alertId);
      else this.#waiting.set(alert.alertId, { alert, attempts, dueMs: clock.now() + pause });
    }
    await delivered([alert.alertId], alert.state, {
      state: taken ? 'sent' : failed ? 'failed' : 'pending',
      attempts,
      lastError: taken ? null : said,
      sentAt: taken ? new Date(clock.now()).toISOString() : null,
    });
  }
}
