import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import jwt, { type JwtPayload } from 'jsonwebtoken';
import { Client } from './client.ts';

const DIST = join(import.meta.dirname, '../../dist/src');
const SECRET = 'q7Yh2mVx0PzL9sKd4RtB8wNc6JfG1aEu';
const BOOT_MS = 30_000;

export interface ServerOptions {
  /** By default a directory of its own, removed with the server. */
  readonly dataDir?: string;
  /** Beside what every test server has; an empty text takes one of those away. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface CommandResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that is under way. */
export interface RunningCommand {
  /** SIGKILL, wherever it is. */
  kill(): void;
  readonly ended: Promise<CommandResult>;
}

/** The server ended before it was ready. The message is what it said. */
export class ServerRefused extends Error {
  override readonly name = 'ServerRefused';
  readonly exitCode: number | null;

  constructor(exitCode: number | null, output: string) {
    super(output);
    this.exitCode = exitCode;
  }
}

/** The built server as a process of its own, on a free port of this machine, seen as an operator sees it: signals, exit codes, files and log lines. */
export class ServerProcess implements AsyncDisposable {
  /** What it has written, of all its lives, line by line. */
  readonly log: string[] = [];
  readonly dataDir: string;
  readonly #directory: string | null;
  #env: Readonly<Record<string, string>>;
  #child: ChildProcess | null = null;
  #url = '';

  private constructor(directory: string | null, dataDir: string, env: Readonly<Record<string, string>>) {
    this.#directory = directory;
    this.dataDir = dataDir;
    this.#env = env;
  }

  /** A server that does not run: the commands of its operator do. */
  static async idle({ dataDir, env = {} }: ServerOptions = {}): Promise<ServerProcess> {
    const directory = dataDir === undefined ? await mkdtemp(join(tmpdir(), 'violentutf-e2e-')) : null;
    return new ServerProcess(directory, dataDir ?? join(directory ?? '', 'data'), env);
  }

  /** Starts a server and waits until it is ready. @throws ServerRefused */
  static async start(options: ServerOptions = {}): Promise<ServerProcess> {
    const server = await ServerProcess.idle(options);
    try {
      await server.boot();
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  /** Changes with every start. */
  get url(): string {
    return this.#url;
  }

  get running(): boolean {
    return this.#child !== null;
  }

  get pid(): number {
    return this.#running().pid ?? 0;
  }

  get memoryDir(): string {
    return join(this.dataDir, 'memory');
  }

  /** A valid token with these claims. */
  token(claims: JwtPayload): string {
    return jwt.sign(claims, SECRET, { algorithm: 'HS256', expiresIn: 3600 });
  }

  /** A client that speaks for a person; it stays good when the server is started anew. */
  client(user: string): Client {
    return this.clientWith({ authorization: `Bearer ${this.token({ sub: user })}` });
  }

  clientWith(headers: Readonly<Record<string, string>>): Client {
    return new Client(this, headers);
  }

  /** Starts it again after it has ended. @param env replaces what `start` was given. @throws ServerRefused */
  async boot(env: Readonly<Record<string, string>> = this.#env): Promise<void> {
    if (this.#child) throw new Error('The server runs already.');
    this.#env = env;
    const child = this.#spawn(['--enable-source-maps', join(DIST, 'main.js')]);
    this.#child = child;
    const orphan = (): boolean => child.kill('SIGKILL');
    process.once('exit', orphan);
    child.once('exit', () => process.removeListener('exit', orphan));
    const before = this.log.length;
    const lines = [child.stdout, child.stderr].map((stream) => createInterface({ input: stream }));
    const ready = new Promise<string>((resolve) => {
      for (const line of lines) {
        line.on('line', (said) => {
          this.log.push(said);
          const url = /"msg":"ready","url":"([^"]+)"/.exec(said)?.[1];
          if (url !== undefined) resolve(url);
        });
      }
    });
    const closed = once(child, 'close');
    const late = setTimeout(() => child.kill('SIGKILL'), BOOT_MS);
    const url = await Promise.race([ready, closed.then(() => null)]);
    clearTimeout(late);
    if (url === null) {
      this.#child = null;
      throw new ServerRefused(child.exitCode, this.log.slice(before).join('\n'));
    }
    this.#url = url;
  }

  /** SIGTERM, as a deploy does it. Resolves to the exit code, or null when a signal ended it. */
  stop(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  /** SIGKILL, as a crash does it. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGTERM and a new start. */
  async restart(env: Readonly<Record<string, string>> = this.#env): Promise<void> {
    await this.stop();
    await this.boot(env);
  }

  /** Runs a command of the operator, such as `catalog rebuild`, in the environment of the server. */
  async run(command: string, ...args: string[]): Promise<CommandResult> {
    return this.begin(command, ...args).ended;
  }

  /** Starts a command of the operator, to be killed on its way. */
  begin(command: string, ...args: string[]): RunningCommand {
    const child = this.#spawn([join(DIST, 'cli', `${command}.js`), ...args]);
    const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return {
      kill: () => child.kill('SIGKILL'),
      ended: ended.then(([stdout, stderr]) => ({ exitCode: child.exitCode, stdout, stderr })),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child) await this.stop();
    if (this.#directory !== null) await rm(this.#directory, { recursive: true, force: true });
  }

  #spawn(args: readonly string[]): ChildProcessByStdio<null, Readable, Readable> {
    return spawn(process.execPath, args, {
      // No .env of whoever runs the tests is read there.
      cwd: tmpdir(),
      env: given({
        PATH: process.env['PATH'] ?? '',
        UV_THREADPOOL_SIZE: '16',
        DATA_DIR: this.dataDir,
        PORT: '0',
        // Tests end many servers, and nobody balances any load.
        SHUTDOWN_NOTICE_SECONDS: '0',
        LOG_LEVEL: 'info',
        JWT_SECRET_KEY: SECRET,
        GENERATOR_ALLOW_PRIVATE: '127.0.0.1',
        // Of a server that lives for more than a minute a backup would be made.
        BACKUP_EVERY_HOURS: '0',
        ...this.#env,
      }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#running();
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    const closed = hasEnded ? Promise.resolve() : once(child, 'close');
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), BOOT_MS);
    await closed;
    clearTimeout(late);
    this.#child = null;
    return child.exitCode;
  }

  #running(): ChildProcess {
    if (!this.#child) throw new Error('The server does not run.');
    return this.#child;
  }
}

function given(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
}
