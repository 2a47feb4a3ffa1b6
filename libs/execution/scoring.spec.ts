import { describe, expect, it } from '@jest/globals';
import { GeneratorError, InvalidInput, UnreadableVerdict, type Exchange, type ExecutionEvent, type Item } from '#core';
import { ManualClock, ScriptedGenerator } from '#core/testing';
import { Limiters } from './limiters.js';
import { Past } from './past.js';
import { judge, type CompiledScorer } from './scoring.js';
import { judgingScorer, plainScorer, unlimited, verdict } from './testing/campaign.js';

const item: Item = { id: 'item-0', position: 0, promptId: 'p', value: 'hi', chain: 0, repeat: 0, occurrence: 0 };
const past = new Past({ item, attempts: [], scores: [], stored: null });
const exchange: Exchange = { conversationId: 'c', requestId: 'q', responseId: 'r', original: 'hi', converted: 'aGk=', response: 'hello' };

async function judged(scorers: readonly CompiledScorer[], cut = new AbortController()) {
  const clock = new ManualClock(7);
  const journal: ExecutionEvent[][] = [];
  const ports = {
    clock,
    limiters: new Limiters(clock),
    spending: unlimited(),
    isCancelled: () => false,
    user: 'user',
    retry: { maxRetries: 1, baseMs: 0, maxMs: 0 },
    post: async (events: readonly ExecutionEvent[]) => void journal.push([...events]),
    report: () => undefined,
    halt: cut.signal,
    abort: cut.signal,
  };
  const carried: ExecutionEvent[] = [{ kind: 'attempt-lost', attemptId: 'before', itemId: 'item-0', at: 0 }];
  const judging = judge(item, exchange, scorers, 'run-9', { past, ports, carried });
  const [verdict] = await Promise.all([judging, clock.advance(10)]);
  return { verdict, journal, carried };
}

describe('scoring', () => {
  it('gives each scorer the answer and both prompts, and says which scorer of which version said what', async () => {
    const subjects: unknown[] = [];
    const remember = plainScorer((subject) => {
      subjects.push(subject);
      return verdict('false');
    });
    const { verdict: result, journal } = await judged([remember, plainScorer(async () => verdict('true'), null, 'other')]);
    expect(subjects).toEqual([{ response: 'hello', objective: 'hi', prompt: 'hi', convertedPrompt: 'aGk=' }]);
    const place = { kind: 'item-scored', itemId: 'item-0', messageId: 'r', scoringRunId: 'run-9', at: 7 };
    expect(result).toMatchObject({
      kind: 'scored',
      events: [
        { ...place, scorer: { id: 'scorer', name: 'The scorer', type: 'plain', version: '1' }, score: { value: 'false' } },
        { ...place, scorer: { id: 'other' }, score: { value: 'true' } },
      ],
    });
    expect(journal).toEqual([]);
  });

  it('journals a judge as attempts of the item, the answer to be judged with the first intent', async () => {
    const model = new ScriptedGenerator([
      { kind: 'answered', text: 'true', finishReason: 'stop', usage: { inputTokens: 3, outputTokens: 1 } },
    ]);
    const { verdict: result, journal, carried } = await judged([judgingScorer(model)]);
    expect(result).toMatchObject({ kind: 'scored', events: [{ score: { value: 'true' } }] });
    expect(journal).toMatchObject([
      [
        { kind: 'attempt-lost', attemptId: 'before' },
        { kind: 'attempt-intended', itemId: 'item-0', purpose: 'judge', turn: 0, branch: 0, retry: 0 },
      ],
    ]);
    expect(carried).toMatchObject([{ kind: 'attempt-answered', exchange: null, blocked: false, usage: { inputTokens: 3 } }]);
  });

  it('gives every question of every judge a place of its own', async () => {
    const model = new ScriptedGenerator(['true']);
    const twice: CompiledScorer['score'] = async (_, ports) => {
      await ports.judge([]);
      return verdict((await ports.judge([])).text);
    };
    const { journal } = await judged([plainScorer(twice, model), plainScorer(twice, model, 'other')]);
    const places = journal.flat().flatMap((event) => (event.kind === 'attempt-intended' ? [`${event.branch}.${event.turn}`] : []));
    expect(places).toEqual(['0.0', '0.1', '1.0', '1.1']);
  });

  it('is all or nothing: one scorer that fails, and there is no score, but a reason', async () => {
    const failing = (error: Error): CompiledScorer => {
      const score: CompiledScorer['score'] = () => {
        throw error;
      };
      return plainScorer(score, null, 'second');
    };
    const reasons = await Promise.all(
      [
        new UnreadableVerdict('The judge named no category.'),
        new InvalidInput('The pattern is too long.'),
        new RangeError('quoting the prompt'),
      ].map(async (error) => (await judged([plainScorer(), failing(error)])).verdict),
    );
    expect(reasons).toEqual([
      { kind: 'unscored', reason: "Not scored by 'The second': The judge named no category." },
      { kind: 'unscored', reason: "Not scored by 'The second': The pattern is too long." },
      { kind: 'unscored', reason: "Not scored by 'The second': The scorer failed unexpectedly (RangeError)." },
    ]);
  });

  it('retries a judge by the policy, then gives up with its reason, every failure journaled', async () => {
    const model = new ScriptedGenerator([new GeneratorError('unavailable', 'The judge answered 503.')]);
    const { verdict: result, journal, carried } = await judged([judgingScorer(model)]);
    expect(result).toEqual({ kind: 'unscored', reason: "Not scored by 'The judging': The judge answered 503." });
    expect(model.requests).toHaveLength(2);
    expect([...journal.flat(), ...carried].map((event) => event.kind)).toEqual([
      'attempt-lost',
      'attempt-intended',
      'attempt-failed',
      'attempt-intended',
      'attempt-failed',
    ]);
  });

  it('is not a judgement when the execution was ended meanwhile', async () => {
    const cut = new AbortController();
    const model = new ScriptedGenerator([
      () => {
        cut.abort();
        throw new GeneratorError('unavailable', 'aborted');
      },
    ]);
    await expect(judged([judgingScorer(model)], cut)).rejects.toThrow('aborted');
  });

  it('says so when a scorer asks a judge that it was not given', async () => {
    const { verdict: result } = await judged([plainScorer(async (_, ports) => verdict((await ports.judge([])).text))]);
    expect(result).toMatchObject({ kind: 'unscored', reason: expect.stringContaining('TypeError') });
  });
});
