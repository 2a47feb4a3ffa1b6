import { describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { StoreSwitched, uuidv7 } from '#core';
import { DatabaseNewer, migrate, type Database } from '#database';
import { MemoryStore } from '../memory-store.js';
import { memoryMigrations } from '../migrations.js';
import type { MemoryTables } from '../tables.js';
import { ada, executionRow, type MemoryHarness, type OpenMemory } from './harness.js';

export function ownerRules(open: OpenMemory, harness: MemoryHarness): void {
  const openAs = async (owner: typeof ada | null, provisioning = false) =>
    MemoryStore.open(await harness.open('memory'), 'memory', owner, provisioning);
  const withDatabase = async <T>(fn: (database: Database<MemoryTables>) => Promise<T>): Promise<T> => {
    const database = await harness.open('memory');
    try {
      return await fn(database);
    } finally {
      await database.close();
    }
  };
  const tables = () =>
    withDatabase(async (database) => {
      const { rows } = await database.read((db) =>
        sql<{ name: string }>`
          select table_name as name from information_schema.tables
          where table_schema = current_schema() and table_catalog = current_database() order by 1`.execute(db),
      );
      return rows.map((row) => row.name);
    });
  const bob = { ...ada, store_id: uuidv7(), user_id: uuidv7(), name: 'bob' };

  describe('its owner', () => {
    it('is written once, with a new and empty memory, and found again', async () => {
      const store = await open();
      const owner = await store.read((memory) => memory.owner.find());
      expect(owner).toEqual({ ...ada, created_at: expect.stringMatching(/Z$/) });
      expect(await store.read((memory) => memory.stats())).toEqual({ conversations: 0, messages: 0, scores: 0, prompts: 0, executions: 0 });
      await store.close();
      const again = await openAs(ada);
      expect(await again.read((memory) => memory.owner.find())).toEqual(owner);
    });

    it('may learn new aliases, and still be the same', async () => {
      const store = await open();
      const aliases = ['ada', "o'ada", 'oidc|7'].map((name) => ({ issuer: 'https://issuer.example', name }));
      await store.transact((memory) => memory.owner.setAliases(aliases));
      await store.close();
      const again = await openAs({ ...ada, name: 'renamed', aliases: [] });
      expect(await again.read((memory) => memory.owner.find())).toMatchObject({ name: 'ada', aliases });
    });

    it('is no other: a foreign memory is refused, new or not, and not touched', async () => {
      await (await open()).close();
      for (const stranger of [bob, { ...ada, store_id: bob.store_id }, { ...ada, user_id: bob.user_id }])
        for (const provisioning of [false, true]) await expect(openAs(stranger, provisioning)).rejects.toBeInstanceOf(StoreSwitched);
      const store = await openAs(ada);
      await expect(store.transact((memory) => memory.owner.claim(bob))).rejects.toBeInstanceOf(StoreSwitched);
      await store.transact((memory) => memory.owner.claim(ada));
    });

    it('is one: a memory that names two is refused', async () => {
      await (await open()).close();
      await withDatabase((database) =>
        database.transact((tx) =>
          tx
            .insertInto('owner')
            .values({ ...bob, created_at: new Date().toISOString() })
            .execute(),
        ),
      );
      for (const [who, provisioning] of [
        [ada, false],
        [ada, true],
        [bob, false],
      ] as const)
        await expect(openAs(who, provisioning)).rejects.toBeInstanceOf(StoreSwitched);
    });

    it('must be there in a memory that is not new: nothing is made, not even a table', async () => {
      await expect(openAs(ada)).rejects.toBeInstanceOf(StoreSwitched);
      expect(await tables()).toEqual([]);
    });

    it('is written after a crash that left an empty database, or one without its owner row', async () => {
      await withDatabase((database) => migrate(database, memoryMigrations, 'memory'));
      await expect(openAs(ada)).rejects.toBeInstanceOf(StoreSwitched);
      await (await open()).close();
      await (await openAs(ada)).close();
    });

    it('is not written again when the crash came after it', async () => {
      const store = await open();
      const owner = await store.read((memory) => memory.owner.find());
      await store.close();
      expect(await (await open()).read((memory) => memory.owner.find())).toEqual(owner);
    });

    it('is never written into a database that holds something else, or a memory that lost its owner', async () => {
      await withDatabase((database) => database.transact((tx) => sql`create table other (id integer)`.execute(tx)));
      await expect(open()).rejects.toBeInstanceOf(StoreSwitched);
      expect(await tables()).toEqual(['other']);
      await withDatabase((database) => database.transact((tx) => sql`drop table other`.execute(tx)));
      const store = await open();
      await store.transact((memory) => memory.executions.create(executionRow()));
      await store.close();
      await withDatabase((database) => database.transact((tx) => tx.deleteFrom('owner').execute()));
      await expect(open()).rejects.toBeInstanceOf(StoreSwitched);
    });

    it('does not open a memory of a newer release, and leaves it as it is', async () => {
      await (await open()).close();
      const later = (database: Database<MemoryTables>) =>
        database.transact((tx) => sql`insert into schema_migrations values ('9999-later', ${new Date().toISOString()})`.execute(tx));
      await withDatabase(later);
      for (const provisioning of [false, true]) await expect(openAs(ada, provisioning)).rejects.toBeInstanceOf(DatabaseNewer);
      await withDatabase((database) => database.transact((tx) => sql`delete from schema_migrations where name = '9999-later'`.execute(tx)));
      await (await openAs(ada)).close();
    });

    it('can be looked at without being known, which changes nothing', async () => {
      await (await open()).close();
      const looked = await openAs(null);
      expect(await looked.read((memory) => memory.owner.find())).toMatchObject(ada);
      await looked.close();
      await harness.cleanup();
      await (await openAs(null)).close();
      expect(await tables()).toEqual([]);
    });
  });
}
