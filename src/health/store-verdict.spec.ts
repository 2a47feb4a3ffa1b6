import { describe, expect, it } from '@jest/globals';
import type { StoreFacts } from '../db-connection/store-inspection.service.js';
import { judgeStore, ownerOf } from './store-verdict.js';
import { Verdict, worstOf } from './verdict.js';

const MB = 1024 * 1024;
const QUOTA = 100 * MB;

const well: StoreFacts = {
  store: {
    storeId: 's',
    userId: 'u',
    backend: 'duckdb',
    location: 'memory.db',
    state: 'active',
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
  },
  path: 'memory.db',
  exists: true,
  writable: true,
  fileBytes: MB,
  walBytes: 0,
  open: false,
  handles: 0,
  openedAt: null,
  lastWriteAt: 0,
  lastCheckpointAt: 0,
  switches: [],
  rescue: null,
  fault: null,
};

function judged(changes: Partial<StoreFacts>): { state: string; reasons: readonly string[] } {
  const verdict = new Verdict();
  judgeStore(verdict, { ...well, ...changes }, QUOTA);
  return { state: verdict.state, reasons: verdict.reasons };
}

const inState = (state: StoreFacts['store']['state']): Partial<StoreFacts> => ({ store: { ...well.store, state } });
const seen = { storeId: 's', userId: 'u', file: 'memory.db', since: new Date(0), metAt: 'opening' as const };

describe('a store', () => {
  it.each<[string, Partial<StoreFacts>]>([
    ['that is closed', {}],
    ['that is open', { open: true, openedAt: 1 }],
    ['that is being made', { ...inState('provisioning'), exists: false, writable: false, fileBytes: null, walBytes: null }],
    ['below nine tenths of its quota', { fileBytes: 0.9 * QUOTA - 1 }],
    ['with a log that is soon folded in', { walBytes: 256 * MB }],
  ])('%s is healthy', (_what, changes) => {
    expect(judged(changes)).toEqual({ state: 'healthy', reasons: [] });
  });

  it.each<[string, Partial<StoreFacts>, RegExp]>([
    ['that is moving', inState('moving'), /is moving/],
    ['that is archived', inState('archived'), /is archived/],
    ['of nine tenths of its quota', { fileBytes: 0.9 * QUOTA }, /has 90 MB of the 100 MB of QUOTA_STORE_MB/],
    ['with a log that nobody folds in', { walBytes: 256 * MB + 1 }, /write-ahead log has 256 MB/],
  ])('%s is a warning', (_what, changes, reason) => {
    expect(judged(changes)).toEqual({ state: 'warning', reasons: [expect.stringMatching(reason)] });
  });

  it.each<[string, Partial<StoreFacts>, RegExp]>([
    ['that has its whole quota', { fileBytes: QUOTA }, /has reached the 100 MB of QUOTA_STORE_MB/],
    ['without its file', { exists: false, writable: false, fileBytes: null, walBytes: null }, /is missing/],
    ['whose file can not be written', { writable: false }, /can not be written/],
    ['that was refused', { fault: { ...seen, kind: 'held', reason: 'It is held.' } }, /^It is held\.$/],
    ['in the quarantine', { rescue: 'It was brought to safety.' }, /^It was brought to safety\.$/],
    ['that was switched', { switches: [{ ...seen, kind: 'replaced', reason: 'It was replaced.', times: 2 }] }, /^It was replaced\.$/],
  ])('%s is unhealthy', (_what, changes, reason) => {
    expect(judged(changes)).toEqual({ state: 'unhealthy', reasons: [expect.stringMatching(reason)] });
  });

  it('is not told of twice for one cause', () => {
    const reason = 'It is missing.';
    const gone = { exists: false, writable: false, fileBytes: null, walBytes: null };
    const facts = {
      ...gone,
      switches: [{ ...seen, kind: 'missing' as const, reason, times: 1 }],
      fault: { ...seen, kind: 'missing' as const, reason },
    };
    expect(judged(facts)).toEqual({ state: 'unhealthy', reasons: [reason] });
  });

  it('is known to be the right one when it is open, and to be a wrong one by its switches', () => {
    expect(ownerOf(well)).toBe('unknown');
    expect(ownerOf({ ...well, open: true })).toBe('match');
    expect(ownerOf({ ...well, fault: { ...seen, kind: 'foreign', reason: '' } })).toBe('mismatch');
    expect(ownerOf({ ...well, rescue: '' })).toBe('mismatch');
    expect(ownerOf({ ...well, open: true, switches: [{ ...seen, kind: 'overwritten', reason: '', times: 1 }] })).toBe('mismatch');
    expect(ownerOf({ ...well, switches: [{ ...seen, kind: 'missing', reason: '', times: 1 }] })).toBe('unknown');
  });
});

describe('a verdict', () => {
  it('is as bad as the worst that was found', () => {
    expect(worstOf([])).toBe('healthy');
    expect(worstOf(['healthy', 'unhealthy', 'warning'])).toBe('unhealthy');
    const verdict = new Verdict();
    verdict.fail('first');
    verdict.warn('second');
    expect([verdict.state, verdict.reasons]).toEqual(['unhealthy', ['first', 'second']]);
  });
});
