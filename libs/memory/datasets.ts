import { sql, type Transaction } from 'kysely';
import { Conflict, NotFound } from '#core';
import type { PageRequest } from './configurations.js';
import type { DatasetTable, MemoryTables, PromptTable } from './tables.js';

export class DatasetReader {
  constructor(private readonly db: Transaction<MemoryTables>) {}

  async list(page: PageRequest): Promise<DatasetTable[]> {
    let query = this.db.selectFrom('datasets').selectAll().orderBy('id', 'desc').limit(page.limit);
    if (page.before !== null) query = query.where('id', '<', page.before);
    return query.execute();
  }

  /** @throws NotFound */
  async get(id: string): Promise<DatasetTable> {
    const found = await this.db.selectFrom('datasets').selectAll().where('id', '=', id).executeTakeFirst();
    if (!found) throw new NotFound('dataset', id);
    return found;
  }

  /** The prompts from `after` (exclusive) on, in order. */
  async prompts(datasetId: string, after: number, limit: number): Promise<PromptTable[]> {
    return this.db
      .selectFrom('prompts')
      .selectAll()
      .where('dataset_id', '=', datasetId)
      .where('position', '>', after)
      .orderBy('position')
      .limit(limit)
      .execute();
  }
}

/** A dataset is written once and never changed. Its prompts are appended first; it exists when its own row does. */
export class DatasetWriter extends DatasetReader {
  constructor(private readonly tx: Transaction<MemoryTables>) {
    super(tx);
  }

  /** Makes a dataset of prompts that were appended before. @throws Conflict when the name is taken. */
  async create(row: DatasetTable): Promise<void> {
    const holder = await this.tx.selectFrom('datasets').select('id').where('name', '=', row.name).executeTakeFirst();
    if (holder) throw new Conflict(`There is already a dataset called '${row.name}'. Choose another name.`);
    await this.tx.insertInto('datasets').values(row).execute();
  }

  /** @throws NotFound */
  async delete(id: string): Promise<void> {
    await this.get(id);
    await this.tx.deleteFrom('datasets').where('id', '=', id).execute();
    await this.dropPrompts(id);
  }

  /** Takes back prompts whose dataset did not come to be. */
  async dropPrompts(datasetId: string): Promise<void> {
    await this.tx.deleteFrom('prompts').where('dataset_id', '=', datasetId).execute();
  }

  /** Takes back prompts that a crash left without their dataset. Only when nobody uploads, as at the opening of a store. */
  async dropOrphans(): Promise<void> {
    await sql`delete from prompts where dataset_id not in (select id from datasets)`.execute(this.tx);
  }
}
