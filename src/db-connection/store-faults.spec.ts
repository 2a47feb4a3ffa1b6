import { describe, expect, it } from '@jest/globals';
import type { Store } from '#catalog';
import { StoreSwitched } from '#core';
import { DatabaseCorrupt, DatabaseFull, DatabaseHeld, DatabaseMissing, DatabaseReadOnly } from '#database';
import { FAULT_KINDS, StoreFaults } from './store-faults.service.js';

const at = '2026-01-01T00:00:00.000Z';
const store: Store = { storeId: 's', userId: 'u', backend: 'duckdb', location: 'm.db', state: 'active', createdAt: at, updatedAt: at };

describe('the faults of stores', () => {
  it.each([
    ['held', new DatabaseHeld('m.db', 7, 1_000)],
    ['missing', new DatabaseMissing('m.db')],
    ['foreign', new StoreSwitched('It is not yours.')],
    ['corrupt', new DatabaseCorrupt('m.db', 'it is too short')],
    ['full', new DatabaseFull()],
    ['read-only', new DatabaseReadOnly()],
  ])('are %s by their causes, with the words of the error, until the store is opened', (kind, error) => {
    const faults = new StoreFaults();
    faults.report(store, error, 'opening');
    expect(faults.current()).toMatchObject([{ kind, storeId: 's', userId: 'u', file: 'm.db', reason: error.message }]);
    expect(faults.of('s')).toBe(faults.current()[0]);
    faults.opened('s');
    expect([faults.of('s'), faults.current()]).toEqual([null, []]);
    expect([...faults.counts()]).toEqual(FAULT_KINDS.map((each) => [each, each === kind ? 1 : 0]));
  });

  it('say nothing of what is not meant for people', () => {
    const faults = new StoreFaults();
    faults.report(store, new Error('select * from secrets'), 'opening');
    expect(faults.of('s')).toMatchObject({ kind: 'other', reason: expect.not.stringContaining('secrets') });
  });

  it('are as old as their cause, and one for each store', () => {
    const faults = new StoreFaults();
    faults.report(store, new DatabaseFull(), 'opening');
    const since = faults.of('s')?.since;
    faults.report(store, new DatabaseFull(), 'opening');
    expect(faults.of('s')?.since).toBe(since);
    faults.report(store, new DatabaseReadOnly(), 'opening');
    expect(faults.of('s')?.since).not.toBe(since);
    faults.report({ ...store, storeId: 't' }, new DatabaseFull(), 'opening');
    expect(faults.current()).toHaveLength(2);
  });

  it('that showed when a store was read do not go by its being opened', () => {
    const faults = new StoreFaults();
    faults.report(store, new DatabaseCorrupt('m.db', 'a block is damaged'), 'reading');
    faults.opened('s');
    expect(faults.of('s')).toMatchObject({ kind: 'corrupt' });
    faults.forget('s');
    expect(faults.current()).toEqual([]);
  });
});
