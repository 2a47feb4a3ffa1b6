import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NotFound, uuidv7 } from '#core';
import { ManualClock } from '#core/testing';
import { Catalog, type Alert } from './index.js';

const START = Date.parse('2026-01-01T00:00:00.000Z');
const DAY = 86_400_000;

let directory: string;
let clock: ManualClock;
let catalog: Catalog;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'alerts-'));
  clock = new ManualClock(START);
  catalog = await open(true);
});

afterEach(async () => {
  await catalog.close();
  rmSync(directory, { recursive: true });
});

function open(create: boolean): Promise<Catalog> {
  return Catalog.open({ directory, file: 'catalog.db' }, { create, clock });
}

function alert(fingerprint: string, more: Partial<Alert> = {}): Alert {
  const now = new Date(clock.now()).toISOString();
  return {
    alertId: uuidv7(),
    type: 'disk-space',
    severity: 'warning',
    fingerprint,
    storeId: null,
    userId: null,
    summary: 'The disk is nearly full. Free some space.',
    details: { freeBytes: 1 },
    state: 'firing',
    firstAt: now,
    lastAt: now,
    times: 1,
    resolvedAt: null,
    acknowledgedAt: null,
    acknowledgedBy: null,
    delivery: { state: 'pending', attempts: 0, lastError: null, sentAt: null },
    ...more,
  };
}

describe('alerts', () => {
  it('are one while they fire, also for another process, and a new one after that', async () => {
    const first = await catalog.alerts.raise(alert('disk'));
    await clock.advance(5_000);
    await catalog.close();
    catalog = await open(false);
    const again = await catalog.alerts.raise(alert('disk'));
    expect(again).toEqual({ ...first, times: 2, lastAt: '2026-01-01T00:00:05.000Z' });
    expect(await catalog.alerts.firing()).toEqual([again]);
    await catalog.alerts.resolve({ ...again, times: 7 }, 'pending');
    expect(await catalog.alerts.get(first.alertId)).toMatchObject({ state: 'resolved', times: 7, resolvedAt: '2026-01-01T00:00:05.000Z' });
    const second = await catalog.alerts.raise(alert('disk'));
    expect(second.alertId).not.toBe(first.alertId);
    expect((await catalog.alerts.firing()).map(({ alertId }) => alertId)).toEqual([second.alertId]);
  });

  it('are acknowledged once, by whoever was first, which is in the audit trail', async () => {
    const { alertId } = await catalog.alerts.raise(alert('disk'));
    expect(await catalog.alerts.acknowledge(alertId, 'root')).toMatchObject({ acknowledgedBy: 'root', state: 'firing' });
    expect(await catalog.alerts.acknowledge(alertId, 'somebody else')).toMatchObject({ acknowledgedBy: 'root' });
    const { items } = await catalog.audit.list({ limit: 10, after: null });
    expect(items.map(({ action, subject, actor }) => [action, subject, actor])).toEqual([['alert.acknowledged', alertId, 'root']]);
    await expect(catalog.alerts.acknowledge(uuidv7(), 'root')).rejects.toThrow(NotFound);
    await expect(catalog.alerts.get(uuidv7())).rejects.toThrow(NotFound);
  });

  it('are listed newest first, in pages without gaps, by state and acknowledgement', async () => {
    const all: Alert[] = [];
    for (let index = 0; index < 5; index++) all.unshift(await catalog.alerts.raise(alert(`disk ${index}`)));
    const [newest, , , , oldest] = all;
    if (!newest || !oldest) throw new Error('There are five.');
    await catalog.alerts.resolve(oldest, 'none');
    await catalog.alerts.acknowledge(newest.alertId, 'root');
    const first = await catalog.alerts.list({ limit: 3, after: null });
    const second = await catalog.alerts.list({ limit: 3, after: first.next });
    expect([...first.items, ...second.items].map(({ alertId }) => alertId)).toEqual(all.map(({ alertId }) => alertId));
    expect([second.items.length, second.next]).toEqual([2, null]);
    const count = async (filter: object): Promise<number> => (await catalog.alerts.list({ limit: 10, after: null }, filter)).items.length;
    expect(await count({ state: 'firing' })).toBe(4);
    expect(await count({ state: 'resolved' })).toBe(1);
    expect(await count({ acknowledged: true })).toBe(1);
    expect(await count({ state: 'firing', acknowledged: false })).toBe(3);
  });

  it('are pending until they were told of; what is said of a state that is left changes nothing', async () => {
    const { alertId, times, lastAt } = await catalog.alerts.raise(alert('disk'));
    const sent = { state: 'sent', attempts: 2, lastError: null, sentAt: '2026-01-01T00:00:00.000Z' } as const;
    expect(await catalog.alerts.pending()).toHaveLength(1);
    await catalog.alerts.delivered([alertId], 'firing', sent);
    expect((await catalog.alerts.get(alertId)).delivery).toEqual(sent);
    expect(await catalog.alerts.pending()).toEqual([]);
    await catalog.alerts.resolve({ alertId, times, lastAt }, 'pending');
    await catalog.alerts.delivered([alertId], 'firing', sent);
    expect((await catalog.alerts.pending()).map(({ delivery }) => delivery.attempts)).toEqual([0]);
  });

  it('are removed some time after they were resolved, and never while they fire', async () => {
    const old = await catalog.alerts.raise(alert('old'));
    await catalog.alerts.raise(alert('fires'));
    await catalog.alerts.resolve(old, 'none');
    await clock.advance(DAY);
    const recent = await catalog.alerts.raise(alert('recent'));
    await catalog.alerts.resolve(recent, 'none');
    await catalog.alerts.removeResolvedBefore(new Date(START + DAY / 2).toISOString());
    const { items } = await catalog.alerts.list({ limit: 10, after: null });
    expect(items.map(({ fingerprint }) => fingerprint)).toEqual(['recent', 'fires']);
  });
});

describe('facts', () => {
  it('stay what they were first', async () => {
    expect(await catalog.facts.keep('salt', 'one')).toBe('one');
    expect(await catalog.facts.keep('salt', 'two')).toBe('one');
  });
});

describe('store marks', () => {
  it('are what was written last, however many there are', async () => {
    const marks = new Map(Array.from({ length: 1_200 }, (_, index) => [`store-${index}`, `mark ${index}`]));
    await catalog.storeMarks.write(marks);
    await catalog.storeMarks.write(new Map([['store-7', 'another']]));
    const all = await catalog.storeMarks.all();
    expect([all.size, all.get('store-7'), all.get('store-1199')]).toEqual([1_200, 'another', 'mark 1199']);
  });
});
