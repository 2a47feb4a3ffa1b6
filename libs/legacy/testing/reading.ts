import {
  discover,
  isFinding,
  openLegacy,
  readLegacy,
  recognise,
  type LegacyNoun,
  type LegacyRow,
  type LegacyRowOf,
  type OpenOptions,
  type Recognition,
  type TableAccount,
  type UnreadableRows,
} from '../index.js';
import { all, NOTHING_OPEN } from './fixtures.js';

/** All that reading a file gave. */
export class Reading {
  readonly rows: LegacyRow[] = [];
  readonly unreadable: UnreadableRows[] = [];
  readonly accounts: TableAccount[] = [];

  private constructor(readonly recognition: Recognition) {}

  /** Reads one file to its end. */
  static async of(path: string, options: Partial<OpenOptions> = {}): Promise<Reading> {
    const found = (await all(discover([path], NOTHING_OPEN))).find((item) => item.kind === 'candidate');
    if (!found) throw new Error(`${path} is no candidate.`);
    const opened = await openLegacy(found, { ...NOTHING_OPEN, ...options });
    if (isFinding(opened)) throw new Error(opened.detail);
    await using database = opened;
    const reading = new Reading(recognise(database));
    for await (const item of readLegacy(database, reading.recognition)) {
      if (item.kind === 'row') reading.rows.push(item);
      else if (item.kind === 'unreadable') reading.unreadable.push(item);
      else reading.accounts.push(item);
    }
    return reading;
  }

  of<Noun extends LegacyNoun>(noun: Noun): LegacyRowOf<Noun>[] {
    return this.rows.filter((row) => row.noun === noun) as unknown as LegacyRowOf<Noun>[];
  }

  /** How many rows of each table were read, unreadable and skipped. */
  get sums(): Record<string, string> {
    return Object.fromEntries(
      this.accounts.map(({ table, rows, read, unreadable, skipped }) => [table, `${rows} = ${read} + ${unreadable} + ${skipped}`]),
    );
  }
}
