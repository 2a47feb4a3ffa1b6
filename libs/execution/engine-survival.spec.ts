import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { GeneratorError, ITEM_STATES, systemClock, type GeneratorReply, type Item, type UnknownOutcomePolicy } from '#core';
import { Limiters } from './limiters.js';
import type { CompiledOrchestrator } from './orchestration.js';
import { IMPATIENT } from './testing/ask.js';
import { Campaign, FunctionGenerator, judgingScorer, orchestrator, plainScorer, plannedItems, slowly } from './testing/campaign.js';
import { Journal } from './testing/journal.js';

const MAX_RETRIES = 2;

const behaviour = fc.constantFrom('answers', 'answers', 'answers', 'filters', 'unavailable', 'busy', 'refuses', 'breaks', 'dawdles');
type Behaviour = typeof behaviour extends fc.Arbitrary<infer B> ? B : never;

/** How a process ends: `lost` and `kept` tell whether the batch that was on its way to the disk arrived. */
const death = fc.record({ how: fc.constantFrom('lost', 'kept', 'abandon', 'stop'), afterBatches: fc.nat(25) });
type Death = typeof death extends fc.Arbitrary<infer D> ? D : never;

const script = fc.record({
  target: fc.array(behaviour, { minLength: 1, maxLength: 30 }),
  judge: fc.array(behaviour, { minLength: 1, maxLength: 10 }),
  scorers: fc.constantFrom('none', 'plain', 'judge', 'both'),
  maxInFlight: fc.integer({ min: 1, max: 9 }),
  diskMs: fc.constantFrom(0, 0, 2),
  onUnknownOutcome: fc.constantFrom<UnknownOutcomePolicy>('resend', 'mark'),
  deaths: fc.array(death, { maxLength: 4 }),
});
type Script = typeof script extends fc.Arbitrary<infer S> ? S : never;

const items = plannedItems(30);

/** A model that goes through its behaviours again and again. */
function model(behaviours: readonly Behaviour[], maxInFlight: number, asked: (prompt: string) => void): FunctionGenerator {
  let requests = 0;
  const respond = async (prompt: string, signal: AbortSignal): Promise<string | GeneratorReply> => {
    asked(prompt);
    // However bad it is, it answers at times: what is down for ever is waited for for ever.
    switch (behaviours[requests++ % (behaviours.length + 1)]) {
      case 'filters':
        return { kind: 'blocked', text: '', finishReason: 'content_filter', usage: null };
      case 'unavailable':
        throw new GeneratorError('unavailable', 'no');
      case 'busy':
        throw new GeneratorError('rate-limited', 'later', { retryAfterMs: 1 });
      case 'refuses':
        throw new GeneratorError('rejected', 'never');
      case 'breaks':
        throw new TypeError('a bug');
      case 'dawdles':
        return slowly('true', signal, 2);
      default:
        return 'true';
    }
  };
  return new FunctionGenerator(respond, maxInFlight, asked.name);
}

/** One process from its start to its end, by itself or by force. */
async function live(script: Script, death: Death | null, compiled: CompiledOrchestrator, journal: Journal): Promise<void> {
  const retry = { maxRetries: MAX_RETRIES, baseMs: 1, maxMs: 2 };
  const campaign = new Campaign(compiled, {
    retry,
    onUnknownOutcome: script.onUnknownOutcome,
    limiters: new Limiters(systemClock, IMPATIENT),
  });
  const last = journal.batches + (death?.afterBatches ?? Infinity);
  const run = campaign.run(journal.progress(items), 7);
  const keeping = journal.keep(run, async (batch) => {
    if (script.diskMs > 0) await slowly(null, new AbortController().signal, script.diskMs);
    if (journal.batches < last) return;
    if (death?.how === 'abandon') campaign.abandon.abort();
    else if (death?.how === 'stop') campaign.stop.abort();
    else {
      if (death?.how === 'kept') journal.remember(batch);
      throw new Error('killed');
    }
  });
  await keeping.catch((error: unknown) => expect((error as Error).message).toBe('killed'));
}

function check(journal: Journal, item: Item, sent: number, scorers: number): void {
  const story = `${sent} sent: ${journal.story(item.id)}`;
  const settled = journal.all('item-settled', item.id);
  const intents = journal.all('attempt-intended', item.id).filter((event) => event.purpose === 'target');
  const answers = journal.all('attempt-answered', item.id).filter((event) => event.exchange !== null);
  const scores = journal.all('item-scored', item.id);
  const failed = journal.all('attempt-failed', item.id).filter((event) => intents.some((intent) => intent.attemptId === event.attemptId));
  const lost = journal.all('attempt-lost', item.id).filter((event) => intents.some((intent) => intent.attemptId === event.attemptId));
  expect([story, settled.length]).toEqual([story, 1]);
  expect([story, journal.unresolved(item.id), journal.unresolved(item.id, 'judge')]).toEqual([story, [], []]);
  const asked = journal.all('attempt-intended', item.id).filter((event) => event.purpose === 'judge');
  for (const at of Map.groupBy(asked, ({ turn, branch }) => `${turn}/${branch}`).values()) {
    expect([story, at.map((intent) => intent.retry)]).toEqual([story, [...at.keys()]]);
  }
  expect([story, intents.map((intent) => intent.retry)]).toEqual([story, [...intents.keys()]]);
  expect([story, intents.length]).toEqual([story, answers.length + failed.length + lost.length]);
  const neverSent = failed.filter((event) => event.fault === 'not-sent').length;
  // A lost one may have been sent or not; all others were sent exactly once.
  expect(sent).toBeLessThanOrEqual(intents.length - neverSent);
  expect(sent).toBeGreaterThanOrEqual(intents.length - neverSent - lost.length);
  expect([story, answers.length]).toEqual([story, ['answered', 'scored', 'blocked'].includes(settled[0]?.state ?? '') ? 1 : 0]);
  expect([story, scores.length]).toEqual([story, settled[0]?.state === 'scored' ? scorers : 0]);
  for (const score of scores) expect(score.messageId).toBe(answers[0]?.exchange?.responseId);
}

it('loses, repeats and invents nothing, whatever models, disks and processes do', async () => {
  const property = async (script: Script): Promise<void> => {
    const journal = new Journal();
    const sent = new Map<string, number>();
    const target = model(script.target, script.maxInFlight, function target(prompt) {
      const id = prompt.replace('prompt ', 'item-');
      if (journal.unresolved(id).length !== 1) throw new Error(`${prompt} was sent without a durable intent`);
      sent.set(id, (sent.get(id) ?? 0) + 1);
    });
    const judge = model(script.judge, 3, function judge() {});
    const scorers = { none: [], plain: [plainScorer()], judge: [judgingScorer(judge)], both: [plainScorer(), judgingScorer(judge)] }[
      script.scorers
    ];
    const compiled = orchestrator(target, { scorers });

    for (const death of [...script.deaths, null]) {
      await live(script, death, compiled, journal);
      expect(target.onWire + judge.onWire).toBe(0);
    }
    for (const item of items) check(journal, item, sent.get(item.id) ?? 0, scorers.length);
    const coverage = journal.coverage(items);
    expect(ITEM_STATES.reduce((sum, state) => sum + coverage[state], 0)).toBe(coverage.planned);
    expect(coverage.open).toBe(0);
    if (script.deaths.length === 0) expect(journal.all('attempt-lost')).toEqual([]);
  };
  await fc.assert(fc.asyncProperty(script, property), { numRuns: 100 });
}, 120_000);
