import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Estate } from '../estate/estate.ts';
import { Killing } from '../estate/killing.ts';

const MINUTES = 60_000;

let folder: string;
let estate: Estate;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migration-kill-'));
  estate = await Estate.write(join(folder, 'estate'), { people: 1, sound: true });
}, 10 * MINUTES);
afterAll(async () => {
  await estate[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

it(
  'comes to the same, wherever it is killed, when it is told the same again',
  async () => {
    await using killing = await Killing.prepare(estate);
    const { content, tookMs, wrong } = await killing.uninterrupted();
    expect(wrong).toEqual([]);
    expect(Object.keys(content).sort()).toEqual([...estate.people.map(({ userName }) => userName), 'unassigned'].sort());
    let kills = 0;
    for await (const round of killing.rounds(2, tookMs, 'spec')) {
      kills += round.kills.length;
      expect(round.state).toBe('completed');
      expect(round.content).toEqual(content);
      expect(round.wrong).toEqual([]);
    }
    expect(kills).toBeGreaterThan(0);
  },
  10 * MINUTES,
);
