import { describe, expect, it } from '@jest/globals';
import type { ExecutionDto } from '../../executions/execution.dto.js';
import { brokenClaims, type Evidence } from './claims.js';
import type { Outcome } from './outcome.js';

const outcome: Outcome = {
  planned: 12,
  open: 0,
  answered: 0,
  scored: 11,
  blocked: 1,
  errored: 0,
  skipped: 0,
  cancelled: 0,
  unknown: 0,
  uniquePrompts: 12,
  scores: 22,
  restarts: 1,
  databaseFiles: 1,
  seconds: 2,
  promptsPerSecond: 6,
  byConverter: [],
  byScorer: [
    { scorer: 'a', type: 'refusal', scores: 11, positive: 1, positivePercent: 9.1 },
    { scorer: 'b', type: 'substring', scores: 11, positive: 0, positivePercent: 0 },
  ],
};
const me = { userId: 'u', name: 'ada', store: { storeId: 's', location: '/memory/a.db' } };
const campaign = { orchestratorId: 'o', datasetId: 'd', prompts: 2, chains: 6, scorers: 2, labelOf: (name: string) => name };
const execution = { state: 'completed', reason: null } as ExecutionDto;
const evidence: Evidence = { campaign, execution, before: me, after: me, requests: 12 };

describe('brokenClaims', () => {
  it('has nothing to say when all is well, also of a real target that failed now and then', () => {
    expect(brokenClaims(outcome, evidence)).toEqual([]);
    expect(brokenClaims({ ...outcome, blocked: 0, errored: 1, uniquePrompts: 11 }, { ...evidence, requests: null })).toEqual([]);
  });

  it.each<[string, Partial<Outcome>, Partial<Evidence>, RegExp]>([
    ['an execution that failed', {}, { execution: { state: 'failed', reason: 'Why.' } as ExecutionDto }, /ended as failed: Why\./],
    ['a smaller plan', {}, { campaign: { ...campaign, prompts: 3 } }, /12 prompts were planned instead of 18/],
    ['states that do not add up', { blocked: 2 }, {}, /add up to 13 instead of 12/],
    ['open prompts', { open: 1, scored: 10 }, {}, /1 prompts have not come to an end/],
    ['unknown outcomes', { unknown: 1, scored: 10 }, {}, /outcome of 1 prompts is unknown/],
    ['a prompt that was lost', { uniquePrompts: 11 }, {}, /11 different prompts were read back instead of 12/],
    ['a missing score', { scores: 21 }, {}, /21 scores were read back instead of 22/],
    ['a summary of its own', { byScorer: outcome.byScorer.slice(1) }, {}, /summary counts 11 scores/],
    ['no restart', { restarts: 0 }, {}, /restarted 0 times/],
    ['a second file', { databaseFiles: 2 }, {}, /2 files hold this memory/],
    ['another file', {}, { after: { ...me, store: { ...me.store, location: '/memory/b.db' } } }, /not the one from before/],
    ['another store', {}, { after: { ...me, store: { ...me.store, storeId: 't' } } }, /not the one from before/],
    ['another user', {}, { after: { ...me, userId: 'v' } }, /not the one from before/],
    ['no memory at all', {}, { before: { ...me, store: null }, after: { ...me, store: null } }, /not the one from before/],
    ['a prompt that was sent twice', {}, { requests: 13 }, /asked 13 times for 12 prompts/],
    ['an error that the practice target does not make', { errored: 1, scored: 10, uniquePrompts: 11 }, {}, /1 prompts ended in an error/],
  ])('tells of %s', (_what, changes, further, sentence) => {
    expect(brokenClaims({ ...outcome, ...changes }, { ...evidence, ...further })).toContainEqual(expect.stringMatching(sentence));
  });
});
