import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#core';
import { compiledHash } from './plan-hash.js';
import type { FrozenGenerator, FrozenScorer, ResolvedPlan } from './resolved-plan.js';

const frozen = (name: string, parameters: JsonObject = {}) => ({ id: name, name, type: name, revision: 1, parameters });

function generator(name: string, secrets: FrozenGenerator['secrets'] = { apiKey: { kind: 'file', name } }): FrozenGenerator {
  return { ...frozen(name), secrets };
}

const judge = generator('judge');
const scorer: FrozenScorer = { ...frozen('scorer'), version: 'v1', judge };
const target = generator('target');
const plan: ResolvedPlan = {
  version: 1,
  orchestrator: frozen('orchestrator', { strategy: {} }),
  generator: target,
  attacker: null,
  chains: [[frozen('base64')], []],
  scorers: [scorer, { ...frozen('rule'), version: 'v1', judge: null }],
  judges: {},
  repeats: 1,
  seed: 'seed',
  scoringRunId: 'run',
  source: { kind: 'prompts' },
};

/** What the secrets are at the moment, by generator. */
let values: Readonly<Record<string, string>> = {};
const hash = (of: Partial<ResolvedPlan> = {}): Promise<string> =>
  compiledHash({ ...plan, ...of }, async ({ id }) => ({ apiKey: values[id] ?? 'first' }));

describe('The hash of what an orchestrator is compiled from', () => {
  it('is the same for plans that differ in what is sent, how often, and when', async () => {
    const other: Partial<ResolvedPlan> = {
      repeats: 3,
      seed: 'another',
      scoringRunId: 'another',
      source: { kind: 'dataset', datasetId: 'seeds', name: 'seeds', contentHash: 'hash', sampleSize: 5 },
    };
    expect(await hash(other)).toBe(await hash());
    expect(await hash(JSON.parse(JSON.stringify(plan)) as ResolvedPlan)).toBe(await hash());
  });

  it('is another one for every change that compiling would notice', async () => {
    const changes: readonly Partial<ResolvedPlan>[] = [
      { orchestrator: frozen('orchestrator', { strategy: { turns: 2 } }) },
      { generator: { ...target, parameters: { model: 'other' } } },
      { generator: { ...target, type: 'http' } },
      { generator: null },
      { attacker: generator('attacker') },
      { attacker: generator('attacker', {}) },
      { judges: { objective: scorer } },
      { judges: { refusal: scorer } },
      { judges: { objective: { ...scorer, judge: null } } },
      { generator: generator('target', { apiKey: { kind: 'sealed', sealed: 'x', hint: '' } }) },
      { generator: generator('target', { apiKey: { kind: 'sealed', sealed: 'y', hint: '' } }) },
      { generator: generator('target', {}) },
      { chains: [[], [frozen('base64')]] },
      { chains: [[frozen('base64'), frozen('base64')], []] },
      { chains: [[frozen('base64', { urlSafe: true })], []] },
      { scorers: [] },
      { scorers: [...plan.scorers].reverse() },
      { scorers: [{ ...scorer, name: 'renamed' }] },
      { scorers: [scorer] },
      { scorers: [{ ...scorer, judge: null }] },
      { scorers: [{ ...scorer, judge: { ...judge, parameters: { model: 'other' } } }] },
    ];
    const hashes = await Promise.all([hash(), ...changes.map(hash)]);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('is another one when a secret of the target or of a judge was replaced where it is kept', async () => {
    const before = await hash();
    values = { target: 'second' };
    const target = await hash();
    values = { judge: 'second' };
    const judged = await hash();
    values = {};
    expect(new Set([before, target, judged]).size).toBe(3);
    expect(await hash()).toBe(before);
  });
});
