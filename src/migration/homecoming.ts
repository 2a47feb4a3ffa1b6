import type { MigrationAssignment } from '#catalog';
import { Pace, SecretBox } from '#core';
import { NameHashes, type Candidate } from '#legacy';
import type { ImportRow, SettleStep } from '#memory';
import { Attribution, type AttributionContext } from './attribution.js';
import { Delivery } from './delivery.js';
import { FileCount, type FileTally } from './file-tally.js';
import type { Knowledge } from './knowledge.js';
import type { LegacyFiles } from './legacy-files.service.js';
import type { Memories } from './memories.js';
import { settleMemory, type MemoryAccount } from './memory-account.js';
import type { People, Person } from './people.js';
import type { Progress } from './progress.js';
import { importRows } from './rows/import-rows.js';
import { remainderRow, unreadableRow } from './rows/remainder-rows.js';
import { RowContext } from './rows/row-context.js';

/** How many chunks are settled before a memory is closed: until then the engine keeps what it wrote. */
const SETTLED_AT_ONCE = 25;

/** What decides whose a row is. */
export interface Grounds {
  readonly people: People;
  readonly knowledge: Knowledge;
  readonly assignments: readonly MigrationAssignment[];
  readonly salts: readonly string[];
}

const NOBODYS = 'Nobody can say whose it is. Assign the rows of its file to somebody, then make another plan.';

/** What was read, and whom something of it was brought to. */
export interface Received {
  readonly files: readonly FileTally[];
  readonly recipients: readonly (Person | null)[];
}

/**
 * Rows of old files come into the memories of their people. A plan and a run are the same, in other memories. Each step can be done again after it was
 * cut off: rows that a memory has received are passed over, and what is settled stays so.
 */
export class Homecoming {
  readonly #box: SecretBox;

  constructor(
    private readonly files: LegacyFiles,
    private readonly memories: Memories,
    private readonly runId: string,
    private readonly progress: Progress,
    encryptionKey: Uint8Array,
  ) {
    this.#box = new SecretBox(encryptionKey);
  }

  /** Reads the files and brings each row to whom it belongs to; where nobody can say, to nobody's memory. */
  async receive(candidates: readonly Candidate[], { people, knowledge, assignments, salts }: Grounds): Promise<Received> {
    const context: AttributionContext = { people, knowledge, assignments, hashes: new NameHashes(people.known(), salts) };
    const delivery = new Delivery(this.memories, this.runId);
    const files: FileTally[] = [];
    this.progress.phase('reading', { files: candidates.length });
    for (const candidate of candidates) {
      files.push(await this.#read(candidate, new Attribution(candidate, context), delivery));
      this.progress.file();
    }
    await delivery.flush();
    return { files, recipients: delivery.recipients() };
  }

  /** Decides on what a memory has received, and says what became of it. */
  async settle(person: Person | null): Promise<MemoryAccount> {
    const step = (at: SettleStep): void => {
      this.progress.signal.throwIfAborted();
      this.progress.step(at);
    };
    for (let more = true; more;) {
      more = await this.memories.lend(person, ({ imports }) => imports.settleSome(this.runId, SETTLED_AT_ONCE, step));
      await this.memories.release(person);
    }
    return this.memories.lend(person, (store) => settleMemory(store, this.runId, person?.key ?? null));
  }

  async #read(candidate: Candidate, attribution: Attribution, delivery: Delivery): Promise<FileTally> {
    const count = new FileCount(candidate.path, candidate.contentSha256);
    const context = new RowContext(candidate.contentSha256, this.#box);
    const seedDatasets = new Set<string>();
    const pace = new Pace();
    const bring = async (person: Person | null, row: ImportRow): Promise<void> => {
      count.delivered(row);
      await delivery.add(person, row);
      await pace.step();
    };
    for await (const row of this.files.rows(candidate, this.progress)) {
      if (row.kind === 'account') count.table(row);
      else if (row.kind === 'unreadable') {
        // What can't be read can't say whose it is.
        const kept = unreadableRow(row, context);
        if (kept) await bring(null, kept);
      } else {
        const attributed = attribution.of(row, row.family);
        count.owner(row.provenance.table, attributed);
        const { person } = attributed;
        for (const imported of person ? importRows(row, person.key, seedDatasets, context) : [remainderRow(row, NOBODYS, context)])
          await bring(person, imported);
      }
      this.progress.row();
    }
    return count.tally();
  }
}
