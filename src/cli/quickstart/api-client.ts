import { CommandError } from '../command.js';
import { eventsOf } from './event-stream.js';

/** Where the server is, and whether it still is. */
interface Host {
  readonly url: string;
  readonly gone: boolean;
  readonly logFile: string;
}

interface Problem {
  readonly type?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

/** The server answered with a problem. */
export class ApiProblem extends CommandError {
  /** @param type as the API has it: `/problems/not-found`. */
  constructor(
    message: string,
    readonly type: string | null,
  ) {
    super(message);
  }
}

/** The REST API, as anybody with a token has it. What it answers is taken to be what its OpenAPI description says. */
export class ApiClient {
  constructor(
    private readonly host: Host,
    private readonly token: string,
    private readonly signal: AbortSignal,
  ) {}

  async get<T>(path: string): Promise<T> {
    return (await (await this.#request('GET', path)).json()) as T;
  }

  /** Sends JSON, or a form with a file. */
  async post<T>(path: string, body: object): Promise<T> {
    return (await (await this.#request('POST', path, body)).json()) as T;
  }

  /** All items of a list, page by page. */
  async *pages<T>(path: string): AsyncGenerator<readonly T[]> {
    for (let cursor: string | null = ''; cursor !== null;) {
      const at: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: { items: readonly T[]; nextCursor: string | null } = await this.get(`${path}?limit=500${at}`);
      yield page.items;
      cursor = page.nextCursor;
    }
  }

  /** Server-sent events, until the server ends them or goes away. */
  async *events<T>(path: string): AsyncGenerator<T> {
    const { body } = await this.#request('GET', path);
    if (body) yield* eventsOf<T>(body);
  }

  /** @throws ApiProblem; CommandError when nobody answers; the signal's reason when it is aborted. */
  async #request(method: string, path: string, body?: object): Promise<Response> {
    const response = await this.#send(method, path, body);
    if (response.ok) return response;
    const { type = null, detail = `status ${response.status}`, errors = [] } = (await response.json().catch(() => ({}))) as Problem;
    const fields = errors.map((error) => ` ${error.pointer} ${error.detail}.`);
    throw new ApiProblem(`The server refused ${method} ${path}: ${detail}${fields.join('')}`, type);
  }

  async #send(method: string, path: string, body?: object): Promise<Response> {
    const json = body !== undefined && !(body instanceof FormData);
    try {
      return await fetch(`${this.host.url}/api/v2${path}`, {
        method,
        headers: { authorization: `Bearer ${this.token}`, ...(json ? { 'content-type': 'application/json' } : {}) },
        ...(body === undefined ? {} : { body: body instanceof FormData ? body : JSON.stringify(body) }),
        signal: this.signal,
      });
    } catch (error) {
      this.signal.throwIfAborted();
      const state = this.host.gone ? 'has ended unexpectedly' : 'does not answer';
      throw new CommandError(`The server ${state}. See ${this.host.logFile}.`, { cause: error });
    }
  }
}
