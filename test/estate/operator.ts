import { ServerProcess, type CommandResult, type RunningCommand } from '../server/server-process.ts';
import type { Binding } from './people.ts';

/** Whose rows: the canonical name of a user, or `unassigned`. */
export interface Account {
  readonly userId: string | null;
  readonly user: string;
  /** SHA-256 of the content of a file, its log included. */
  readonly file: string;
  readonly table: string;
  readonly noun: string;
  readonly read: number;
  readonly added: number;
  readonly renamed: number;
  readonly duplicate: number;
  readonly quarantined: number;
}

/** What `migrate report --json` says, as far as tests hold it to its word. */
export interface Report {
  readonly runId: string;
  readonly state: string;
  readonly files: readonly {
    readonly path: string;
    readonly sha256: string;
    readonly tables: readonly {
      readonly table: string;
      readonly rows: number | null;
      readonly read: number;
      readonly unreadable: number | null;
      readonly leftOut: number;
    }[];
  }[];
  readonly findings: readonly { readonly path: string; readonly reason: string }[];
  readonly accounts: readonly Account[];
  readonly discrepancies: readonly string[];
}

export interface OperatorOptions {
  readonly root: string;
  readonly salts?: readonly string[];
  /** By default a directory of its own, removed with the operator. */
  readonly dataDir?: string;
}

/** Who migrates on the command line, while no server runs. */
export class Operator implements AsyncDisposable {
  readonly #server: ServerProcess;

  private constructor(server: ServerProcess) {
    this.#server = server;
  }

  static async at({ root, salts = [], dataDir }: OperatorOptions): Promise<Operator> {
    const env = { LEGACY_ROOTS: root, LEGACY_SALTS: salts.join(','), ADMIN_USERS: 'root', LOG_LEVEL: 'warn' };
    return new Operator(await ServerProcess.idle({ env, ...(dataDir === undefined ? {} : { dataDir }) }));
  }

  get dataDir(): string {
    return this.#server.dataDir;
  }

  get memoryDir(): string {
    return this.#server.memoryDir;
  }

  /** Says by the API who is who, as an administrator does before a migration. Starts a server for it and stops it. */
  async bind(bindings: readonly Binding[]): Promise<void> {
    await this.#server.boot();
    const admin = this.#server.client('root');
    for (const { user, alias } of bindings) {
      const { userId } = await this.#server.client(user).get<{ userId: string }>('/api/v2/me');
      await admin.post(`/api/v2/users/${userId}/aliases`, { issuer: 'shared-secret', name: alias });
    }
    await this.#server.stop();
  }

  /** `migrate … --json`. @throws when it does not end with 0 */
  async migrate<T>(...args: string[]): Promise<T> {
    const result = await this.#server.run('migrate', ...args, '--json');
    return jsonOf(args, result) as T;
  }

  /** Plans and runs, and reads the report. */
  async migrateAll(): Promise<Report> {
    const { planId } = await this.migrate<{ planId: string }>('plan');
    const { runId } = await this.migrate<Report>('run', planId);
    return this.migrate<Report>('report', runId);
  }

  begin(...args: string[]): RunningCommand {
    return this.#server.begin('migrate', ...args, '--json');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}

function jsonOf(args: readonly string[], { exitCode, stdout, stderr }: CommandResult): unknown {
  if (exitCode !== 0) throw new Error(`migrate ${args.join(' ')} ended with ${exitCode}: ${stderr}`);
  return JSON.parse(stdout);
}
