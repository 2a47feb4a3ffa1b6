import { join } from 'node:path';
import type { Estate } from './estate.ts';
import { MARK } from './marks.ts';
import type { Memory, Received } from './memories.ts';
import type { Report } from './operator.ts';
import { UNASSIGNED, type Owner, type TrueFile, type TrueRow } from './truth.ts';

const TAKEN = ['added', 'renamed', 'duplicate'];

type Place = Received & { readonly owner: Owner };

/** Compares what is in memories with the truth. Each step says what is wrong, row by row; nothing when all is right. */
export class Audit {
  readonly #estate: Estate;
  readonly #memories: readonly Memory[];
  readonly #report: Report;

  constructor(estate: Estate, memories: readonly Memory[], report: Report) {
    this.#estate = estate;
    this.#memories = memories;
    this.#report = report;
  }

  /** All that is wrong. */
  async everything(): Promise<readonly string[]> {
    const steps = [
      this.unsaid(),
      await this.misplaced(),
      await this.misread(),
      await this.mistold(),
      await this.misjudged(),
      this.miscounted(),
    ];
    return steps.flat();
  }

  /** Every row that was read came to its owner and to nobody else, and is there, or is kept with a reason. */
  async misplaced(): Promise<readonly string[]> {
    const places = new Map<string, Place[]>();
    for (const memory of this.#memories)
      for (const received of await memory.received(this.#report.runId)) {
        const key = keyOf(received.file, received);
        places.set(key, [...(places.get(key) ?? []), { ...received, owner: memory.owner }]);
      }
    const wrong: string[] = [];
    for (const file of this.#originals()) {
      const sha256 = this.#sha256Of(file);
      if (file.readable === 'not') {
        if (sha256 !== null) wrong.push(`${file.path} (${file.pattern}) was read, though it can't be.`);
        continue;
      }
      if (sha256 === null) wrong.push(`${file.path} (${file.pattern}) was not read.`);
      for (const row of file.rows) {
        const found = places.get(keyOf(sha256 ?? '', row)) ?? [];
        places.delete(keyOf(sha256 ?? '', row));
        const fault = faultOf(row, found, file.readable === 'partly');
        if (fault !== null) wrong.push(`${file.path} (${file.pattern}), ${row.table} ${row.row}, of ${row.owner}: ${fault}`);
      }
    }
    for (const [key] of places) wrong.push(`There is a row that was never written: ${key}`);
    return wrong;
  }

  /** Nothing of anybody stands in a memory of another, in whatever column; and what was taken in stands in its own. */
  async misread(): Promise<readonly string[]> {
    const owners = this.#ownersOfMarks();
    const there = new Map<string, Set<Owner>>();
    const wrong: string[] = [];
    for (const memory of this.#memories)
      for (const table of await memory.tables())
        for (const text of await memory.texts(table))
          for (const mark of text.match(MARK) ?? []) {
            there.set(mark, (there.get(mark) ?? new Set()).add(memory.owner));
            if (owners.get(mark) !== memory.owner) wrong.push(`${mark} of ${owners.get(mark)} stands in ${table} of ${memory.owner}.`);
          }
    for (const file of this.#originals().filter(({ readable }) => readable === 'whole'))
      for (const { mark, owner, fate, table } of file.rows)
        if (mark !== null && fate === 'taken' && owner !== UNASSIGNED && !there.get(mark)?.has(owner))
          wrong.push(`${mark} of ${table} of ${file.path} is not in the memory of ${owner}.`);
    return wrong;
  }

  /** Every answer stands beside the prompt that it was given to, in the execution that it is of. */
  async mistold(): Promise<readonly string[]> {
    const wrong: string[] = [];
    for (const memory of this.#memories) {
      const told = await memory.rows<{ execution: string; item: string; prompt: string | null; response: string | null }>(
        `select cast(items.execution_id as varchar) as execution, items.value as item, request.original_value as prompt,
           answer.original_value as response
         from items
         left join attempts on attempts.execution_id = items.execution_id and attempts.item_id = items.id and phase = 'answered'
         left join messages as request on request.id = request_id
         left join messages as answer on answer.id = response_id`,
      );
      const pairs = new Set(
        told.map(({ execution, item, prompt, response }) => `${execution} ${marksIn(item)} ${marksIn(prompt)} ${marksIn(response)}`),
      );
      const expected = new Set(
        this.#estate.exchanges
          .filter(({ owner }) => owner === memory.owner && owner !== UNASSIGNED)
          .map(({ executionId, prompt, response }) => `${executionId} ${prompt} ${prompt} ${response}`),
      );
      for (const pair of expected) if (!pairs.has(pair)) wrong.push(`${memory.owner} lacks the exchange ${pair}.`);
      for (const pair of pairs) if (!expected.has(pair)) wrong.push(`${memory.owner} has an exchange that never was: ${pair}.`);
    }
    return wrong;
  }

  /** Every score is there once, on the answer that it is of; and those that were made up say so. */
  async misjudged(): Promise<readonly string[]> {
    const wrong: string[] = [];
    for (const memory of this.#memories) {
      const scores = await memory.rows<{ rationale: string; scorer: string; text: string | null; synthetic: boolean | null }>(
        `select rationale, scorer_name as scorer, original_value as text, (scores.metadata ->> 'synthetic') = 'true' as synthetic
         from scores left join messages on messages.id = message_id`,
      );
      const byMark = Map.groupBy(scores, ({ rationale }) => rationale.match(MARK)?.[0] ?? '');
      for (const { owner, mark, response } of this.#estate.scores) {
        if (owner !== memory.owner || owner === UNASSIGNED) continue;
        const found = byMark.get(mark) ?? [];
        if (found.length !== 1) wrong.push(`${owner} has the score ${mark} ${found.length} times.`);
        for (const { text } of found)
          if (!text?.includes(response)) wrong.push(`The score ${mark} of ${owner} is not on the answer ${response}.`);
      }
      for (const { scorer, synthetic } of scores)
        if ((scorer === 'Safety_Fallback_Scorer') !== (synthetic === true))
          wrong.push(`A score of ${scorer} of ${memory.owner} is taken for what it is not.`);
    }
    return wrong;
  }

  /** The report adds up, row by row, to what was written. */
  miscounted(): readonly string[] {
    const wrong = [...this.#report.discrepancies];
    for (const { user, file, table, noun, read, added, renamed, duplicate, quarantined } of this.#report.accounts)
      if (added + renamed + duplicate + quarantined !== read)
        wrong.push(`${user}, ${file}, ${table}, ${noun}: not all of ${read} are decided.`);
    for (const file of this.#originals().filter(({ readable }) => readable === 'whole')) {
      const reported = this.#report.files.find(({ path }) => path === join(this.#estate.root, file.path));
      for (const [table, rows] of Map.groupBy(file.rows, (row) => row.table)) {
        const leftOut = rows.filter(({ fate }) => fate === 'left-out').length;
        const read = this.#report.accounts
          .filter((account) => account.file === reported?.sha256 && account.table === table)
          .reduce((sum, account) => sum + account.read, 0);
        const counts = reported?.tables.find((each) => each.table === table);
        const said = [counts?.rows, counts?.read, counts?.unreadable, counts?.leftOut, read].join(' ');
        const written = [rows.length, rows.length - leftOut, 0, leftOut, rows.length - leftOut].join(' ');
        if (said !== written) wrong.push(`${file.path}, ${table}: rows, read, unreadable, left out, decided are ${said}, not ${written}.`);
      }
    }
    return wrong;
  }

  /** Why a file could not be read, or not whole, is said, or which rows are lost. */
  unsaid(): readonly string[] {
    return this.#estate.files.flatMap(({ path, pattern, readable, findings }) => {
      const place = join(this.#estate.root, path);
      const said = this.#report.findings.filter((finding) => finding.path === place).map(({ reason }) => reason);
      const tables = this.#report.files.find((file) => file.path === place)?.tables ?? [];
      const isMissed = tables.some(({ unreadable }) => unreadable === null || unreadable > 0);
      const isSaid = findings.length === 0 ? said.length === 0 : said.some((reason) => findings.includes(reason));
      if (isSaid && (readable !== 'partly' || isMissed || said.length > 0)) return [];
      return [`Of ${path} (${pattern}) it is said: ${said.join(', ') || 'nothing'}.`];
    });
  }

  /** Files of equal content count once. */
  #originals(): readonly TrueFile[] {
    return this.#estate.files.filter(({ copyOf }) => copyOf === null);
  }

  #sha256Of({ path }: TrueFile): string | null {
    const places = [path, ...this.#estate.files.filter(({ copyOf }) => copyOf === path).map((copy) => copy.path)];
    const found = this.#report.files.find((file) => places.some((place) => file.path === join(this.#estate.root, place)));
    return found?.sha256 ?? null;
  }

  #ownersOfMarks(): ReadonlyMap<string, Owner> {
    const owners = new Map<string, Owner>();
    for (const { rows } of this.#estate.files) for (const { mark, owner } of rows) if (mark !== null) owners.set(mark, owner);
    for (const { owner, prompt, response } of this.#estate.exchanges) owners.set(prompt, owner).set(response, owner);
    for (const { owner, mark } of this.#estate.scores) owners.set(mark, owner);
    return owners;
  }
}

function keyOf(file: string, { table, row }: { readonly table: string; readonly row: number }): string {
  return `${file} ${table} ${row}`;
}

function marksIn(text: string | null): string {
  return text?.match(MARK)?.join('+') ?? 'nothing';
}

/** What is wrong about where a row came to; null when nothing is. @param isDamaged whether it may have been lost */
function faultOf({ owner, fate }: TrueRow, found: readonly Place[], isDamaged: boolean): string | null {
  if (fate === 'left-out') return found.length === 0 ? null : 'it was taken in.';
  const [place, ...others] = found;
  if (!place) return isDamaged ? null : 'it came nowhere.';
  if (others.length > 0) return `it came to ${found.map((each) => each.owner).join(' and ')}.`;
  // What can't be read whole can't say whose it is.
  if (isDamaged && place.owner === UNASSIGNED && place.decision === 'quarantined') return null;
  if (place.owner !== owner) return `it came to ${place.owner}.`;
  if (place.decision === 'quarantined') {
    if (place.reason === null) return 'it is put aside, and nobody says why.';
    return owner === UNASSIGNED || fate === 'aside' ? null : `it is put aside: ${place.reason}`;
  }
  if (owner === UNASSIGNED) return `it is ${place.decision}, though nobody can say whose it is.`;
  return TAKEN.includes(place.decision ?? '') ? null : 'nothing was decided of it.';
}
