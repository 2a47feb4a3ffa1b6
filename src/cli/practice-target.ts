import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { practiceGuard } from '#generators';
import type { ChatMessage } from '#core';

/** What the target calls itself. */
export const PRACTICE_MODEL = 'practice-guard';

const MAX_BODY_BYTES = 1024 * 1024;
const SHORTEST_MS = 50;
const SPREAD_MS = 50;

class BadRequest extends Error {}

/**
 * The practice guard as a model behind an OpenAI-compatible API, on a free port of this machine: `POST /v1/chat/completions`. Its answers depend on
 * the conversation alone; each takes 50 to 100 ms, as if somebody were thinking.
 */
export class PracticeTarget implements AsyncDisposable {
  /** Completions that were asked for. */
  requests = 0;
  readonly #server: Server;
  readonly #closing = new AbortController();

  private constructor() {
    this.#server = createServer((request, response) => void this.#receive(request, response));
  }

  static async start(): Promise<PracticeTarget> {
    const target = new PracticeTarget();
    await new Promise<void>((resolve, reject) => {
      target.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return target;
  }

  /** Host and port, as `GENERATOR_ALLOW_PRIVATE` takes them. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get baseUrl(): string {
    return `http://${this.host}/v1`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (request.method !== 'POST' || request.url !== '/v1/chat/completions') {
        send(response, 404, failure('There is only POST /v1/chat/completions.'));
        return;
      }
      const messages = messagesOf(await bodyOf(request));
      this.requests += 1;
      const pauseMs = SHORTEST_MS + ((this.requests * 7) % (SPREAD_MS + 1));
      await delay(pauseMs, undefined, { signal: this.#closing.signal });
      send(response, 200, completion(messages, this.requests));
    } catch (error) {
      if (error instanceof BadRequest) send(response, 400, failure(error.message));
      else response.destroy();
    }
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new BadRequest('The body is larger than 1 MB.');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new BadRequest('The body is not JSON.');
  }
}

function messagesOf(body: unknown): ChatMessage[] {
  const { messages } = (body ?? {}) as { messages?: unknown };
  if (Array.isArray(messages) && messages.length > 0 && messages.every(isMessage)) return messages;
  throw new BadRequest("'messages' must be a list of { role, content } with texts.");
}

function isMessage(message: unknown): message is ChatMessage {
  const { role, content } = (message ?? {}) as { role?: unknown; content?: unknown };
  return (role === 'system' || role === 'user' || role === 'assistant') && typeof content === 'string';
}

/** As the API reference has it (OpenAI, chat completion object). */
function completion(messages: readonly ChatMessage[], number: number): object {
  const { text, finishReason, usage } = practiceGuard(messages);
  const { inputTokens, outputTokens } = usage;
  return {
    id: `chatcmpl-practice-${number}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: PRACTICE_MODEL,
    choices: [{ index: 0, message: { role: 'assistant', content: text, refusal: null }, logprobs: null, finish_reason: finishReason }],
    usage: { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens },
  };
}

function failure(message: string): object {
  return { error: { message, type: 'invalid_request_error', param: null, code: null } };
}

function send(response: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length }).end(bytes);
}
