import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { CommandError } from '../command.js';

export interface ServerSettings {
  readonly dataDir: string;
  /** Set beside what every process needs; nothing else of this one's environment reaches the server. */
  readonly env: Readonly<Record<string, string>>;
  /** Aborts waiting for it to start. */
  readonly signal: AbortSignal;
}

const MAIN = join(import.meta.dirname, '../../main.js');
const INHERITED = /^(PATH|HOME|TMPDIR|TMP|TEMP|TZ|LANG|LC_\w+|SYSTEMROOT)$/i;
const START_TIMEOUT_MS = 60_000;
/** Longer than the server lets requests in flight run on. */
const STOP_TIMEOUT_MS = 60_000;
/** Lines of what it says when it can't start. */
const MOST_COMPLAINTS = 200;

/** The real server as a child process, on a port of its own, with its output in `server.log` of the data directory. */
export class ServerProcess implements AsyncDisposable {
  restarts = 0;
  readonly logFile: string;
  readonly #settings: ServerSettings;
  #child: ChildProcess | null = null;
  #url = '';

  static async start(settings: ServerSettings): Promise<ServerProcess> {
    await mkdir(settings.dataDir, { recursive: true, mode: 0o700 });
    const server = new ServerProcess(settings);
    await server.#start('0');
    return server;
  }

  private constructor(settings: ServerSettings) {
    this.#settings = settings;
    this.logFile = join(settings.dataDir, 'server.log');
  }

  /** `http://127.0.0.1:port`, the same after a restart. */
  get url(): string {
    return this.#url;
  }

  /** Whether it has ended without being told to. */
  get gone(): boolean {
    return this.#child !== null && hasEnded(this.#child);
  }

  /** Ends the server as an operator would, and starts it anew on the same data and the same port. */
  async restart(): Promise<void> {
    const code = await this.#stop();
    if (code !== 0) throw new CommandError(`The server did not end well when it was told to (${code}). See ${this.logFile}.`);
    await this.#start(new URL(this.#url).port);
    this.restarts += 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  async #start(port: string): Promise<void> {
    const { dataDir, env, signal } = this.#settings;
    signal.throwIfAborted();
    const inherited = Object.entries(process.env).filter(([name]) => INHERITED.test(name));
    const child = spawn(process.execPath, ['--enable-source-maps', MAIN], {
      // Where no .env can change what is shown here.
      cwd: dataDir,
      env: {
        ...Object.fromEntries(inherited),
        UV_THREADPOOL_SIZE: '16',
        LOG_LEVEL: 'warn',
        SHUTDOWN_NOTICE_SECONDS: '0',
        ...env,
        DATA_DIR: dataDir,
        HOST: '127.0.0.1',
        PORT: port,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    try {
      this.#url = await ready(child, createWriteStream(this.logFile, { flags: 'a', mode: 0o600 }), this.#settings.signal);
    } catch (error) {
      await this.#stop();
      throw error;
    }
  }

  /** @returns the exit code, or the signal that ended it. */
  async #stop(): Promise<number | string | null> {
    const child = this.#child;
    this.#child = null;
    if (!child) return 0;
    if (!hasEnded(child)) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const patience = new AbortController();
      await Promise.race([ended, delay(STOP_TIMEOUT_MS, null, { signal: patience.signal }).catch(() => null)]);
      patience.abort();
      if (!hasEnded(child)) child.kill('SIGKILL');
      await ended;
    }
    return child.exitCode ?? child.signalCode;
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** The address that the server names when it is ready. Its output goes on into the log. */
function ready(child: ChildProcess, log: WriteStream, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const complaints: string[] = [];
    const fail = (reason: Error): void => {
      settled();
      reject(reason);
    };
    const aborted = (): void => fail(signal.reason as Error);
    const timer = setTimeout(() => fail(new CommandError('The server was not ready within a minute.')), START_TIMEOUT_MS);
    const settled = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
    };
    signal.addEventListener('abort', aborted);
    child.on('error', fail);
    // After its output has been read to the end.
    child.once('close', () => {
      log.end();
      fail(new CommandError(sentenceIn(complaints)));
    });
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) => {
        log.write(`${line}\n`);
        const url = readyUrl(line);
        if (url !== null) {
          settled();
          resolve(url);
        } else if (stream === child.stderr && complaints.length < MOST_COMPLAINTS) complaints.push(line);
      });
    }
  });
}

/** What the server itself says at the end, after what its framework does. */
function sentenceIn(complaints: readonly string[]): string {
  const from = complaints.findIndex((line) => line.startsWith('The server does not start'));
  return complaints.slice(Math.max(from, 0)).join('\n') || 'The server ended before it was ready.';
}

function readyUrl(line: string): string | null {
  if (!line.includes('"ready"')) return null;
  const { msg, url } = JSON.parse(line) as { msg?: unknown; url?: unknown };
  return msg === 'ready' && typeof url === 'string' ? url : null;
}
