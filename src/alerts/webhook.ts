import { createOutbound, type Outbound } from '#outbound';
import type { AlertWebhook, Config } from '../config/config.js';
import type { AlertMessage } from './alert-message.js';
import { signedHeaders } from './webhook-signature.js';

/** How long a receiver may take. */
export const RECEIVER_MS = 10_000;
/** Of its answer nothing but the status is looked at. */
const LARGEST_ANSWER = 1024 * 1024;

/** What became of one attempt. */
export interface WebhookAnswer {
  /** Whether the receiver has taken it. */
  readonly taken: boolean;
  /** Null when there was no answer. */
  readonly status: number | null;
  /** In words, without the address: it may hold a token. */
  readonly said: string;
}

/** Where alerts are posted. The operator chose the address, so this one host may be a private one. */
export class Webhook implements AsyncDisposable {
  readonly #outbound: Outbound;

  constructor(
    private readonly target: AlertWebhook,
    { proxy, noProxy }: Pick<Config['outbound'], 'proxy' | 'noProxy'>,
    private readonly timeoutMs = RECEIVER_MS,
  ) {
    const { hostname, port, protocol } = new URL(target.url);
    const itself = `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`;
    this.#outbound = createOutbound({
      allowPrivate: [itself],
      maxResponseBytes: LARGEST_ANSWER,
      ...(proxy === null ? {} : { httpsProxy: proxy, noProxy: [...noProxy] }),
    });
  }

  /** Posts a message once. It never throws: whatever goes wrong is the answer. */
  async post({ id, body }: AlertMessage, signal?: AbortSignal): Promise<WebhookAnswer> {
    const late = AbortSignal.timeout(this.timeoutMs);
    try {
      const { status } = await this.#outbound.fetch(this.target.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...signedHeaders(id, body, this.target.key, Date.now()) },
        body,
        signal: signal ? AbortSignal.any([late, signal]) : late,
      });
      return { taken: status >= 200 && status < 300, status, said: saidOf(status) };
    } catch (error) {
      if (late.aborted) return failed(`The receiver did not answer within ${this.timeoutMs / 1000} seconds.`);
      if (signal?.aborted) return failed('The server was stopped before the receiver had answered.');
      return failed(`The receiver could not be reached (${codeOf(error)}).`);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#outbound.close();
  }
}

function failed(said: string): WebhookAnswer {
  return { taken: false, status: null, said };
}

function saidOf(status: number): string {
  if (status >= 300 && status < 400)
    return `The receiver answered ${status}: it redirects, which is not followed. Set ALERT_WEBHOOK_URL to the last address.`;
  return `The receiver answered ${status}.`;
}

/** The code of the transport's error; messages can quote the address. */
function codeOf(error: unknown): string {
  for (let at: unknown = error, depth = 0; at !== undefined && at !== null && depth < 4; depth++) {
    const { code, cause } = at as { readonly code?: unknown; readonly cause?: unknown };
    if (typeof code === 'string') return code;
    at = cause;
  }
  return (error as { readonly name?: string } | null)?.name ?? 'unknown';
}
