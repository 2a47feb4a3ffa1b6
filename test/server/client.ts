import type { ConfigurationDto } from '../../src/configurations/configuration.dto.js';
import type { DatasetDto } from '../../src/datasets/dataset.dto.js';
import type { CreateExecutionDto } from '../../src/executions/create-execution.dto.js';
import type { ExecutionDto } from '../../src/executions/execution.dto.js';
import type { ResultDto } from '../../src/executions/result.dto.js';
import type { ProblemDto } from '../../src/http/problem.dto.js';
import { readEvents, type ServerSentEvent } from './event-stream.ts';

export type Noun = 'generators' | 'converters' | 'scorers' | 'orchestrators';

export type Problem = Pick<ProblemDto, keyof ProblemDto>;

export interface Asked {
  /** Sent as JSON, unless it is a form or bytes, which are sent as they are. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body, or null when it is not JSON. */
  readonly json: unknown;
  /** When it is a problem. */
  readonly problem: Problem | null;
}

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

const POLL_MS = 100;
const CAMPAIGN_MS = 120_000;
const FINAL = ['completed', 'cancelled', 'failed'];

/** One person in front of the API. `ask` takes every answer as it comes; the steps below it expect success, and say what they got instead. */
export class Client {
  private readonly server: { readonly url: string };
  private readonly headers: Readonly<Record<string, string>>;

  constructor(server: { readonly url: string }, headers: Readonly<Record<string, string>>) {
    this.server = server;
    this.headers = headers;
  }

  async ask(method: string, path: string, { body, headers = {} }: Asked = {}): Promise<Answer> {
    const asItIs = body === undefined || body instanceof FormData || body instanceof Uint8Array;
    const response = await fetch(this.server.url + path, {
      method,
      headers: { ...this.headers, ...(asItIs ? {} : { 'content-type': 'application/json' }), ...headers },
      body: asItIs ? ((body as FormData | Uint8Array<ArrayBuffer> | undefined) ?? null) : JSON.stringify(body),
    });
    const text = await response.text();
    const type = response.headers.get('content-type') ?? '';
    const json: unknown = /^application\/(problem\+)?json/.test(type) ? JSON.parse(text) : null;
    const problem = type.startsWith('application/problem+json') ? (json as Problem) : null;
    return { status: response.status, headers: response.headers, text, json, problem };
  }

  async get<T>(path: string): Promise<T> {
    return (await this.#expect('GET', path)).json as T;
  }

  async post<T>(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    return (await this.#expect('POST', path, { body, headers })).json as T;
  }

  async patch<T>(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    return (await this.#expect('PATCH', path, { body, headers })).json as T;
  }

  async delete(path: string): Promise<void> {
    await this.#expect('DELETE', path);
  }

  /** The whole of a list, page by page. */
  async all<T>(path: string, limit = 500): Promise<T[]> {
    const items: T[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = `${path.includes('?') ? '&' : '?'}limit=${limit}${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const page: Page<T> = await this.get(path + query);
      items.push(...page.items);
      cursor = page.nextCursor;
    }
    return items;
  }

  /** @returns the id. */
  async create(noun: Noun, name: string, type: string, parameters: object = {}): Promise<string> {
    return (await this.post<ConfigurationDto>(`/api/v2/${noun}`, { name, type, parameters })).id;
  }

  /** A generator for an OpenAI-compatible endpoint. @returns the id. */
  generator(name: string, baseUrl: string, parameters: object = {}): Promise<string> {
    return this.create('generators', name, 'openai-compatible', { baseUrl, model: 'target', ...parameters });
  }

  orchestrator(name: string, parameters: object): Promise<string> {
    return this.create('orchestrators', name, 'prompt-sending', parameters);
  }

  /** @returns the id. */
  async dataset(name: string, prompts: readonly unknown[]): Promise<string> {
    return (await this.post<DatasetDto>('/api/v2/datasets', { name, prompts })).id;
  }

  /** Uploads a file as a dataset. */
  upload(name: string, filename: string, content: string | Uint8Array<ArrayBuffer>, type = ''): Promise<Answer> {
    const form = new FormData();
    form.set('name', name);
    form.set('file', new File([content], filename, { type }));
    return this.ask('POST', '/api/v2/datasets/upload', { body: form });
  }

  execute(orchestratorId: string, request: CreateExecutionDto): Promise<ExecutionDto> {
    return this.post(`/api/v2/orchestrators/${orchestratorId}/executions`, request);
  }

  execution(id: string): Promise<ExecutionDto> {
    return this.get(`/api/v2/executions/${id}`);
  }

  /** Waits for the end of an execution. @param seen is shown every answer on the way. */
  async ended(id: string, seen?: (execution: ExecutionDto) => void): Promise<ExecutionDto> {
    return this.until(id, (execution) => FINAL.includes(execution.state), seen);
  }

  /** Asks until the execution is as wanted. */
  async until(
    id: string,
    wanted: (execution: ExecutionDto) => boolean,
    seen: (execution: ExecutionDto) => void = () => undefined,
  ): Promise<ExecutionDto> {
    for (const deadline = Date.now() + CAMPAIGN_MS; ;) {
      const execution = await this.execution(id);
      seen(execution);
      if (wanted(execution)) return execution;
      if (Date.now() > deadline) throw new Error(`The execution stands still: ${JSON.stringify(execution)}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  results(executionId: string): Promise<ResultDto[]> {
    return this.all(`/api/v2/executions/${executionId}/results`);
  }

  /** The progress of an execution as it is told, until the server ends the stream or the caller has enough. */
  async *events(executionId: string, lastEventId?: string): AsyncGenerator<ServerSentEvent> {
    const response = await fetch(`${this.server.url}/api/v2/executions/${executionId}/events`, {
      headers: { ...this.headers, accept: 'text/event-stream', ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) },
    });
    if (response.status !== 200 || !response.body) throw new Error(`GET events answered ${response.status}: ${await response.text()}`);
    yield* readEvents(response.body);
  }

  async #expect(method: string, path: string, asked: Asked = {}): Promise<Answer> {
    const answer = await this.ask(method, path, asked);
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text.slice(0, 2_000)}`);
  }
}
