import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DuckDbFiles } from './duckdb-file.ts';
import type { History } from './history.ts';
import { Writer } from './killed-writer.ts';
import { SALTS } from './names.ts';
import { bindingsOf, type Binding, type Person } from './people.ts';
import { planEstate, type EstateOptions, type EstatePlan } from './plan.ts';
import type { PlannedFile } from './planned-file.ts';
import { writeSqlite } from './sqlite-file.ts';
import { trueRows } from './table.ts';
import type { TrueExchange, TrueFile, TrueScore } from './truth.ts';

/** Somebody's old files, and all that is true of them. As long as it is not disposed of, one of its files is held by another process. */
export class Estate implements AsyncDisposable {
  readonly root: string;
  readonly people: readonly Person[];
  /** What the operator has to bind before. */
  readonly bindings: readonly Binding[];
  /** What the operator has to know beside the default salts. */
  readonly salts: readonly string[] = [SALTS.own];
  readonly files: readonly TrueFile[];
  readonly exchanges: readonly TrueExchange[];
  readonly scores: readonly TrueScore[];
  readonly #holder: Writer;

  private constructor(root: string, { people, histories, planned }: EstatePlan, holder: Writer) {
    this.root = root;
    this.people = people;
    this.bindings = bindingsOf(people);
    this.files = trueFiles(planned);
    this.exchanges = histories.flatMap(exchangesOf);
    this.scores = histories.flatMap(scoresOf);
    this.#holder = holder;
  }

  /** Writes an estate into a folder: the same for the same seed. @param root an empty folder, or none yet */
  static async write(root: string, options: EstateOptions = {}): Promise<Estate> {
    const plan = await planEstate(options);
    await writeAll(root, plan.planned);
    const held = plan.planned.filter(({ damage }) => damage?.held === true);
    const holder = await Writer.start(held.map(({ path, engine }) => ({ path: join(root, path), engine, tables: [] })));
    return new Estate(root, plan, holder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#holder[Symbol.asyncDispose]();
  }
}

async function writeAll(root: string, planned: readonly PlannedFile[]): Promise<void> {
  await using files = await DuckDbFiles.create();
  for (const { path, engine, tables, killed, damage } of planned) {
    const place = join(root, path);
    await mkdir(dirname(place), { recursive: true });
    if (killed === true) continue;
    if (damage?.content !== undefined) await writeFile(place, damage.content);
    else if (engine === 'sqlite') writeSqlite(place, tables);
    else await files.write(place, tables, damage?.key);
  }
  const killed = planned.filter((file) => file.killed === true);
  await using writer = await Writer.start(killed.map(({ path, engine, tables }) => ({ path: join(root, path), engine, tables })));
  await writer.kill();
  for (const { path, copy, damage } of planned) {
    await damage?.spoil?.(join(root, path));
    if (damage?.orphan === true) await rm(join(root, path));
    if (copy === undefined) continue;
    await mkdir(dirname(join(root, copy)), { recursive: true });
    await copyFile(join(root, path), join(root, copy));
  }
}

/** What is true of files that are planned, and of the copies of them. */
export function trueFiles(planned: readonly PlannedFile[]): readonly TrueFile[] {
  return planned.flatMap(truthOf);
}

function truthOf({ path, pattern, engine, tables, copy, damage }: PlannedFile): readonly TrueFile[] {
  const rows = trueRows(tables, engine === 'duckdb' ? 0 : 1);
  const { readable = 'whole', findings = [], orphan = false } = damage ?? {};
  const file = { path: orphan ? `${path}.wal` : path, pattern, readable, findings, copyOf: null, rows };
  return copy === undefined ? [file] : [file, { ...file, path: copy, pattern: 'H', copyOf: path }];
}

function exchangesOf({ executions }: History): readonly TrueExchange[] {
  return executions.flatMap(({ id, owner, exchanges }) =>
    exchanges.map(({ conversationId, prompt, response }) => {
      return { executionId: id, conversationId, owner, prompt: prompt.mark, response: response.mark };
    }),
  );
}

function scoresOf({ executions }: History): readonly TrueScore[] {
  return executions.flatMap(({ owner, exchanges }) =>
    exchanges.flatMap(({ score, response }) => (score === null ? [] : [{ owner, mark: score, response: response.mark }])),
  );
}
