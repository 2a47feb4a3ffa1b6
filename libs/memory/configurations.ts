import type { Transaction } from 'kysely';
import { Conflict, NotFound, StaleRevision, uuidv7, type JsonObject } from '#core';
import type { ConfigurationNoun, ConfigurationTable, MemoryTables, StoredSecret } from './tables.js';

/** A page of a list that is ordered by id, newest first: `before` is the last id of the page before. */
export interface PageRequest {
  readonly limit: number;
  readonly before: string | null;
}

export type ConfigurationDraft = {
  readonly name: string;
  readonly type: string;
  readonly parameters: JsonObject;
  readonly secrets: Readonly<Record<string, StoredSecret>>;
};

const SINGULAR: Record<ConfigurationNoun, string> = {
  generators: 'generator',
  converters: 'converter',
  scorers: 'scorer',
  orchestrators: 'orchestrator',
};

/** Reads the configurations of one noun. */
export class ConfigurationReader {
  constructor(
    private readonly db: Transaction<MemoryTables>,
    readonly noun: ConfigurationNoun,
  ) {}

  async list(page: PageRequest): Promise<ConfigurationTable[]> {
    let query = this.db.selectFrom(this.noun).selectAll().orderBy('id', 'desc').limit(page.limit);
    if (page.before !== null) query = query.where('id', '<', page.before);
    return query.execute();
  }

  async find(id: string): Promise<ConfigurationTable | null> {
    return (await this.db.selectFrom(this.noun).selectAll().where('id', '=', id).executeTakeFirst()) ?? null;
  }

  /** @throws NotFound */
  async get(id: string): Promise<ConfigurationTable> {
    const found = await this.find(id);
    if (!found) throw new NotFound(SINGULAR[this.noun], id);
    return found;
  }

  async findByName(name: string): Promise<ConfigurationTable | null> {
    return (await this.db.selectFrom(this.noun).selectAll().where('name', '=', name).executeTakeFirst()) ?? null;
  }
}

/** Writes the configurations of one noun. Names are unique within it. */
export class ConfigurationWriter extends ConfigurationReader {
  constructor(
    private readonly tx: Transaction<MemoryTables>,
    noun: ConfigurationNoun,
  ) {
    super(tx, noun);
  }

  /** @param id given when secrets had to be sealed for it beforehand. @throws Conflict when the name is taken. */
  async create(draft: ConfigurationDraft, id: string = uuidv7()): Promise<ConfigurationTable> {
    await this.#assertNameIsFree(draft.name, null);
    const now = new Date().toISOString();
    const row: ConfigurationTable = { id, ...draft, revision: 1, created_at: now, updated_at: now };
    await this.tx.insertInto(this.noun).values(row).execute();
    return row;
  }

  /** @param revision the one that the change is based on, or null to change whatever is there. @throws NotFound, StaleRevision, Conflict */
  async update(id: string, revision: number | null, changes: Partial<ConfigurationDraft>): Promise<ConfigurationTable> {
    const present = await this.get(id);
    assertRevision(present, revision);
    if (changes.name !== undefined) await this.#assertNameIsFree(changes.name, id);
    const row = {
      name: changes.name ?? present.name,
      type: changes.type ?? present.type,
      parameters: changes.parameters ?? present.parameters,
      secrets: changes.secrets ?? present.secrets,
      revision: present.revision + 1,
      updated_at: new Date().toISOString(),
    };
    await this.tx.updateTable(this.noun).set(row).where('id', '=', id).execute();
    return { ...present, ...row };
  }

  /** @throws NotFound, StaleRevision */
  async delete(id: string, revision: number | null): Promise<void> {
    assertRevision(await this.get(id), revision);
    await this.tx.deleteFrom(this.noun).where('id', '=', id).execute();
  }

  async #assertNameIsFree(name: string, except: string | null): Promise<void> {
    const holder = await this.findByName(name);
    if (holder && holder.id !== except)
      throw new Conflict(`There is already a ${SINGULAR[this.noun]} called '${name}'. Choose another name.`);
  }
}

function assertRevision(present: ConfigurationTable, revision: number | null): void {
  if (revision !== null && revision !== present.revision) {
    throw new StaleRevision(
      `It was changed since you read it (revision ${present.revision}, not ${revision}). Read it again and repeat the change.`,
    );
  }
}
