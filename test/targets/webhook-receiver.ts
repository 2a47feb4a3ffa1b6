import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What was posted. */
export interface Delivered {
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: DeliveredBody;
  readonly atMs: number;
}

export interface DeliveredBody {
  readonly type: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

type Answer = (response: ServerResponse, delivered: Delivered) => void;

const taken: Answer = (response) => void response.writeHead(204).end();

/** A receiver of alerts on a real socket: it checks signatures, answers as it is told, and remembers what it was sent. */
export class WebhookReceiver implements AsyncDisposable {
  readonly secret = `whsec_${Buffer.alloc(32, 'a receiver of tests').toString('base64')}`;
  readonly deliveries: Delivered[] = [];
  /** May be changed at any time. */
  answer: Answer = taken;
  /** Messages whose signature was none. */
  forged = 0;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const { headers } = request;
        if (!this.#isSigned(headers, text)) this.forged += 1;
        const body = JSON.parse(text) as DeliveredBody;
        const delivered = { id: String(headers['webhook-id']), headers, text, body, atMs: Date.now() };
        this.deliveries.push(delivered);
        this.answer(response, delivered);
      });
    });
  }

  static async start(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  /** What makes a server send its alerts here. */
  get env(): Readonly<Record<string, string>> {
    return { ALERT_WEBHOOK_URL: this.url, ALERT_WEBHOOK_SECRET: this.secret };
  }

  /** Waits until as many messages as wanted have come of which something is true. */
  async until(wanted: (body: DeliveredBody) => boolean, count = 1, withinMs = 15_000): Promise<DeliveredBody[]> {
    for (const deadline = Date.now() + withinMs; ;) {
      const found = this.deliveries.map(({ body }) => body).filter(wanted);
      if (found.length >= count) return found;
      if (Date.now() > deadline) throw new Error(`It was not sent: ${JSON.stringify(this.deliveries.map(({ body }) => body))}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #isSigned(headers: IncomingHttpHeaders, text: string): boolean {
    const [id, timestamp, given] = ['id', 'timestamp', 'signature'].map((name) => String(headers[`webhook-${name}`]));
    const key = Buffer.from(this.secret.slice('whsec_'.length), 'base64');
    const expected = Buffer.from(`v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${text}`).digest('base64')}`);
    const signature = Buffer.from(given ?? '');
    return (
      signature.length === expected.length && timingSafeEqual(signature, expected) && Math.abs(Date.now() / 1000 - Number(timestamp)) < 60
    );
  }
}
