import { createHmac, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JsonProcess } from './processes.ts';

const SECRET = randomBytes(36).toString('base64');

/** The built server on a data directory of its own, and a user's way to it. */
export class BenchServer implements AsyncDisposable {
  readonly #process: JsonProcess;
  readonly #dataDir: string;
  readonly url: string;

  private constructor(process: JsonProcess, dataDir: string, url: string) {
    this.#process = process;
    this.#dataDir = dataDir;
    this.url = url;
  }

  static async start(): Promise<BenchServer> {
    const dataDir = await mkdtemp(join(tmpdir(), 'bench-'));
    const server = new JsonProcess('dist/src/main.js', [], {
      DATA_DIR: dataDir,
      PORT: '0',
      HOST: '127.0.0.1',
      JWT_SECRET_KEY: SECRET,
      GENERATOR_ALLOW_PRIVATE: '127.0.0.1',
      LOG_LEVEL: 'warn',
    });
    const { url } = await server.say<{ url: string }>('url');
    return new BenchServer(server, dataDir, url.replace('[::1]', '127.0.0.1'));
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** @throws with the problem when the answer is not a success. */
  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const form = body instanceof FormData;
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token()}`, ...(body === undefined || form ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    await rm(this.#dataDir, { recursive: true, force: true });
  }
}

function token(): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const seconds = Math.floor(Date.now() / 1000);
  const head = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'bench', iat: seconds, exp: seconds + 3600 })}`;
  return `${head}.${createHmac('sha256', SECRET).update(head).digest('base64url')}`;
}
