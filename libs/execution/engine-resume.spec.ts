import { describe, expect, it } from '@jest/globals';
import type { ExecutionEvent } from '#core';
import type { CompiledOrchestrator, EngineOptions } from './orchestration.js';
import {
  Campaign,
  FunctionGenerator,
  begun,
  judgingScorer,
  orchestrator,
  plainScorer,
  plannedItems,
  slowly,
  untouched,
} from './testing/campaign.js';
import { Journal } from './testing/journal.js';

const [item] = plannedItems(1);
const place = { itemId: 'item-0', at: 1 };
const intended = (attemptId: string, retry: number): ExecutionEvent => ({
  ...place,
  kind: 'attempt-intended',
  attemptId,
  purpose: 'target',
  turn: 0,
  branch: 0,
  retry,
});
const exchange = { conversationId: 'c', requestId: 'q', responseId: 'r', original: 'prompt 0', converted: 'prompt 0', response: 'hello' };
const answered = (attemptId: string, blocked = false): ExecutionEvent => {
  const measured = { latencyMs: 1, finishReason: 'stop', usage: null };
  return { ...place, kind: 'attempt-answered', attemptId, blocked, ...measured, exchange };
};

/** Takes an execution of one item up from what its journal had. */
async function takeUp(before: ExecutionEvent[], options: Partial<EngineOptions> = {}, parts: Partial<CompiledOrchestrator> = {}) {
  const items = item ? [item] : [];
  const journal = new Journal();
  journal.remember(before);
  const target = new FunctionGenerator(() => 'hello again');
  await journal.keep(new Campaign(orchestrator(target, parts), options).run(journal.progress(items)));
  return { journal, story: journal.story('item-0'), requests: target.requests };
}

describe('an execution that is taken up', () => {
  it('sends again what was in flight, and says that the first outcome is lost', async () => {
    const { journal, story, requests } = await takeUp([intended('a', 0)], { onUnknownOutcome: 'resend' });
    expect([story, requests]).toEqual(['target#0 lost target#1 answered =answered', 1]);
    expect(journal.all('attempt-lost')[0]?.attemptId).toBe('a');
  });

  it('or marks it as unknown, and does not send it', async () => {
    const { journal, story, requests } = await takeUp([intended('a', 0)], { onUnknownOutcome: 'mark' });
    expect([story, requests]).toEqual(['target#0 lost =unknown', 0]);
    expect(journal.all('item-settled')[0]?.reason).toContain('in flight');
  });

  it('counts on from the attempts that there were', async () => {
    const failed: ExecutionEvent = { ...place, kind: 'attempt-failed', attemptId: 'a', latencyMs: 1, fault: 'timeout', detail: 'late' };
    const { story } = await takeUp([intended('a', 0), failed], { onUnknownOutcome: 'mark' });
    expect(story).toBe('target#0 timeout target#1 answered =answered');
  });

  it.each(['resend', 'mark'] as const)('only scores what was answered, and never sends it again (%s)', async (onUnknownOutcome) => {
    const scorers = [plainScorer()];
    const { journal, story, requests } = await takeUp([intended('a', 0), answered('a')], { onUnknownOutcome }, { scorers });
    expect([story, requests]).toEqual(['target#0 answered scored =scored', 0]);
    expect(journal.all('item-scored')[0]?.messageId).toBe('r');
  });

  it('does not let an attempt that is lost take away an answer that stands', async () => {
    const before = [intended('a', 0), answered('a'), intended('b', 1)];
    const { story, requests } = await takeUp(before, { onUnknownOutcome: 'mark' }, { scorers: [plainScorer()] });
    expect([story, requests]).toEqual(['target#0 answered target#1 lost scored =scored', 0]);
  });

  it('asks a judge again whom it was asking, says that the first verdict is lost, and counts on', async () => {
    const judge = new FunctionGenerator(() => 'yes', 4, 'judge');
    const asked = { ...intended('j', 0), purpose: 'judge' } as ExecutionEvent;
    const before = [intended('a', 0), answered('a'), asked];
    const { journal, story, requests } = await takeUp(before, { onUnknownOutcome: 'mark' }, { scorers: [judgingScorer(judge)] });
    expect([story, requests, judge.requests]).toEqual(['target#0 answered judge#0 lost judge#1 answered scored =scored', 0, 1]);
    expect(journal.all('attempt-lost')).toMatchObject([{ attemptId: 'j' }]);
  });

  it('settles what the filter had answered, and what has no scorer', async () => {
    const filtered = await takeUp([intended('a', 0), answered('a', true)], {}, { scorers: [plainScorer()] });
    expect([filtered.story, filtered.requests]).toEqual(['target#0 answered =blocked', 0]);
    const plain = await takeUp([intended('a', 0), answered('a')]);
    expect([plain.story, plain.requests]).toEqual(['target#0 answered =answered', 0]);
  });

  it('does not take for unknown what was withdrawn before it was sent', async () => {
    const items = plannedItems(40);
    const journal = new Journal();
    const first: FunctionGenerator = new FunctionGenerator((_, signal) => {
      if (first.requests === 20) setTimeout(() => halted.abandon.abort(), 1);
      return slowly('hello', signal, first.requests > 16 ? 50 : 1);
    }, 4);
    const halted = new Campaign(orchestrator(first));
    await journal.keep(halted.run(journal.progress(items)));
    const withdrawn = journal.all('attempt-failed').filter((event) => event.fault === 'not-sent');
    expect(withdrawn).toHaveLength(1);

    const again = new FunctionGenerator(() => 'hello');
    await journal.keep(new Campaign(orchestrator(again), { onUnknownOutcome: 'mark' }).run(journal.progress(items)));
    expect(journal.coverage(items)).toMatchObject({ unknown: 4, answered: 36, open: 0 });
    expect(withdrawn.map((event) => journal.story(event.itemId))).toEqual(['target#0 not-sent target#1 answered =answered']);
  });

  it('gives the same end to items that had begun and items that had not', async () => {
    const items = plannedItems(3);
    const progress = untouched(items).map((each, index) => (index === 1 ? begun(each.item) : each));
    const journal = new Journal();
    await journal.keep(new Campaign(orchestrator(new FunctionGenerator(() => 'hello'))).run(progress));
    expect(items.map((each) => journal.story(each.id))).toEqual([
      'target#0 answered =answered',
      'lost target#1 answered =answered',
      'target#0 answered =answered',
    ]);
  });
});
