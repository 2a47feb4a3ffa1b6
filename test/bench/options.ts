import { parseArgs } from 'node:util';
import { PARTS, type Part } from './row.ts';

/** What `npm run bench --` takes. */
export const USAGE = `npm run bench -- [options]
  --only PARTS      some of ${PARTS.join(',')} (all but peer when not given)
  --full            also 100,000 prompts, 1 M messages stored before or imported, 10,000 users: half an hour
  --prompts SIZES   the sizes of the campaigns (1500,10000)
  --rows SIZES      the messages of the old files that are imported (100000)
  --workers N       requests in flight (50)
  --peer promptfoo  also the same work by promptfoo, which is fetched for it
  --json FILE       writes all rows there
  --write           writes the table into docs/performance.md
  --profile DIR     CPU profiles of the server go there, and the shares of what took longest are printed`;

export interface BenchOptions {
  readonly parts: ReadonlySet<Part>;
  readonly full: boolean;
  readonly prompts: readonly number[];
  readonly rows: readonly number[];
  readonly workers: number;
  readonly jsonFile: string | null;
  readonly write: boolean;
  readonly profileDir: string | null;
}

/** @throws with a sentence that says what to change. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      full: { type: 'boolean', default: false },
      prompts: { type: 'string', default: '1500,10000' },
      rows: { type: 'string' },
      workers: { type: 'string', default: '50' },
      peer: { type: 'string' },
      json: { type: 'string' },
      write: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  });
  if (values.peer !== undefined && values.peer !== 'promptfoo') throw new Error(`There is no peer '${values.peer}': it takes promptfoo.`);
  return {
    parts: partsOf(values.only, values.peer !== undefined),
    full: values.full,
    prompts: values.prompts.split(',').map((size) => positive('--prompts', size)),
    rows: (values.rows ?? (values.full ? '100000,1000000' : '100000')).split(',').map((size) => positive('--rows', size)),
    workers: positive('--workers', values.workers),
    jsonFile: values.json ?? null,
    write: values.write,
    profileDir: values.profile ?? null,
  };
}

function partsOf(only: string | undefined, peer: boolean): Set<Part> {
  const named = only?.split(',') ?? PARTS.filter((part) => part !== 'peer');
  const parts = new Set<Part>(peer ? ['peer'] : []);
  for (const name of named) {
    const part = PARTS.find((each) => each === name);
    if (!part) throw new Error(`There is no part '${name}': --only takes some of ${PARTS.join(', ')}.`);
    parts.add(part);
  }
  return parts;
}

function positive(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`${option} takes whole numbers from 1 on, not '${text}'.`);
  return number;
}
