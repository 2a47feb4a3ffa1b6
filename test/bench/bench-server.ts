import { createHmac, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { LoopDelay } from './event-loop.ts';
import { JsonProcess } from './processes.ts';
import { START } from './start-command.ts';

const SECRET = randomBytes(36).toString('base64');
const EVENT_LOOP_PRELOAD = join(import.meta.dirname, 'event-loop-preload.ts');

export interface BenchServerOptions {
  /** Where a CPU profile of the server is written when it ends, or null for none. */
  readonly profileDir?: string | null;
  /** Whether it can say how late its event loop is. */
  readonly watched?: boolean;
}

/** The built server on a data directory that outlives it, and a user's way to it. */
export class BenchServer implements AsyncDisposable {
  readonly #process: JsonProcess;
  readonly url: string;

  private constructor(process: JsonProcess, url: string) {
    this.#process = process;
    this.url = url;
  }

  static async start(dataDir: string, { profileDir = null, watched = false }: BenchServerOptions = {}): Promise<BenchServer> {
    const profiling = profileDir === null ? [] : ['--cpu-prof', '--cpu-prof-dir', profileDir];
    const env = {
      ...START.env,
      DATA_DIR: dataDir,
      BACKUP_EVERY_HOURS: '0',
      PORT: '0',
      HOST: '127.0.0.1',
      JWT_SECRET_KEY: SECRET,
      GENERATOR_ALLOW_PRIVATE: '127.0.0.1',
      LOG_LEVEL: 'warn',
      SHUTDOWN_NOTICE_SECONDS: '0',
    };
    const nodeArgs = [...START.nodeArgs, ...profiling, ...(watched ? ['--import', EVENT_LOOP_PRELOAD] : [])];
    const server = new JsonProcess('dist/src/main.js', [], env, nodeArgs);
    const { url } = await server.say<{ url: string }>('url');
    return new BenchServer(server, url.replace('[::1]', '127.0.0.1'));
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** How late the event loop of a watched server was since it was last asked. */
  async loopDelay(): Promise<LoopDelay> {
    this.#process.signal('SIGUSR2');
    return (await this.#process.say<{ loopDelay: LoopDelay }>('loopDelay')).loopDelay;
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
  }
}

function token(): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const seconds = Math.floor(Date.now() / 1000);
  const head = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'bench', iat: seconds, exp: seconds + 3600 })}`;
  return `${head}.${createHmac('sha256', SECRET).update(head).digest('base64url')}`;
}
