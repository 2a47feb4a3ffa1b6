import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a target was asked. */
export interface TargetRequest {
  /** 1 for the first. */
  readonly number: number;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** The raw body. */
  readonly text: string;
  /** The parsed body, or null when it is not JSON. */
  readonly body: Readonly<Record<string, unknown>> | null;
  /** The content of the last message, or ''. */
  readonly content: string;
}

/** How a target answers one request. Without any member: 200, a chat completion that echoes the last message. */
export interface Behaviour {
  readonly delayMs?: number;
  readonly status?: number;
  /** `{ 'retry-after': '2' }` … Replaces the default content type where it names one. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The text of the answer; by default the last message. */
  readonly reply?: string;
  readonly finishReason?: string;
  readonly refusal?: string;
  /** An error body of this code, with status 400 unless `status` says otherwise. */
  readonly errorCode?: string;
  /** Sent as it is, in place of a completion. */
  readonly raw?: string | Uint8Array;
  /** `before`: the socket dies without an answer; `within`: in the middle of the body. */
  readonly cut?: 'before' | 'within';
  /** Never answers. */
  readonly hang?: boolean;
}

type Behave = Behaviour | ((request: TargetRequest) => Behaviour);

export const HTML: Behaviour = { raw: '<html><body>Bad gateway</body></html>', headers: { 'content-type': 'text/html' } };
export const GARBAGE: Behaviour = { raw: '{"choices": [{"mess' };
export const CONTENT_FILTER: Behaviour = { reply: '', finishReason: 'content_filter' };

/** A 200 answer of `bytes` bytes. */
export function huge(bytes: number): Behaviour {
  return { raw: JSON.stringify({ choices: [{ message: { content: 'x'.repeat(bytes) } }] }) };
}

/** `behaviour` for every n-th request, `otherwise` for the rest. */
export function everyNth(n: number, behaviour: Behaviour, otherwise: Behaviour = {}): (request: TargetRequest) => Behaviour {
  return ({ number }) => (number % n === 0 ? behaviour : otherwise);
}

/** An OpenAI-compatible endpoint on a real socket, for tests: it answers as it is told and remembers what it was asked. */
export class OpenAiTarget implements AsyncDisposable {
  /** How often each last message came: a prompt that was sent twice shows here. */
  readonly countByContent = new Map<string, number>();
  /** May be changed at any time. */
  behave: Behave;
  requests = 0;
  maxInFlight = 0;
  /** Requests whose client went away before it had its answer. */
  aborted = 0;
  last: TargetRequest | null = null;
  readonly #server: Server;
  readonly #timers = new Set<NodeJS.Timeout>();
  #inFlight = 0;

  private constructor(behave: Behave) {
    this.behave = behave;
    this.#server = createServer((request, response) => this.#receive(request, response));
  }

  static async start(behave: Behave = {}): Promise<OpenAiTarget> {
    const target = new OpenAiTarget(behave);
    await new Promise<void>((resolve) => target.#server.listen(0, '127.0.0.1', resolve));
    return target;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** `http://127.0.0.1:port`; the API is below `/v1`. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get baseUrl(): string {
    return `${this.url}/v1`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const number = ++this.requests;
    this.maxInFlight = Math.max(this.maxInFlight, ++this.#inFlight);
    response.once('close', () => {
      this.#inFlight -= 1;
      if (!response.writableFinished) this.aborted += 1;
    });
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const body = parse(text);
      const { method = '', url: path = '', headers } = request;
      const asked: TargetRequest = { number, method, path, headers, text, body, content: lastContent(body) };
      this.last = asked;
      this.countByContent.set(asked.content, (this.countByContent.get(asked.content) ?? 0) + 1);
      const behaviour = typeof this.behave === 'function' ? this.behave(asked) : this.behave;
      if (!behaviour.delayMs) return answer(asked, behaviour, response);
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        answer(asked, behaviour, response);
      }, behaviour.delayMs);
      this.#timers.add(timer);
    });
  }
}

function answer(request: TargetRequest, behaviour: Behaviour, response: ServerResponse): void {
  if (behaviour.hang || response.destroyed) return;
  if (behaviour.cut === 'before') {
    response.socket?.resetAndDestroy();
    return;
  }
  const status = behaviour.status ?? (behaviour.errorCode === undefined ? 200 : 400);
  const body = behaviour.raw ?? JSON.stringify(status < 400 ? completion(request, behaviour) : failure(status, behaviour));
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length, ...behaviour.headers });
  if (behaviour.cut === 'within') {
    response.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => response.socket?.destroy());
    return;
  }
  response.end(bytes);
}

function completion(request: TargetRequest, behaviour: Behaviour): unknown {
  const content = behaviour.reply ?? request.content;
  const message = { role: 'assistant', content: behaviour.refusal === undefined ? content : null, refusal: behaviour.refusal ?? null };
  return {
    id: `chatcmpl-${request.number}`,
    object: 'chat.completion',
    created: 1,
    model: request.body?.['model'] ?? 'target',
    choices: [{ index: 0, message, logprobs: null, finish_reason: behaviour.finishReason ?? 'stop' }],
    usage: { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 },
  };
}

function failure(status: number, behaviour: Behaviour): unknown {
  return { error: { message: `Failed on purpose with ${status}.`, type: 'target_error', code: behaviour.errorCode ?? null } };
}

function parse(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}

function lastContent(body: Record<string, unknown> | null): string {
  const messages = body?.['messages'];
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : null;
  return typeof last === 'object' && last !== null && 'content' in last ? String(last.content) : '';
}
