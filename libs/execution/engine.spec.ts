import { describe, expect, it } from '@jest/globals';
import { GeneratorError, InvalidInput, type Converter, type GeneratorReply } from '#core';
import { ScriptedGenerator } from '#core/testing';
import type { CompiledOrchestrator } from './orchestration.js';
import {
  Campaign,
  FunctionGenerator,
  judgingScorer,
  orchestrator,
  plainScorer,
  plannedItems,
  slowly,
  untouched,
  verdict,
} from './testing/campaign.js';
import { Journal } from './testing/journal.js';

const rejected = new GeneratorError('rejected', 'The endpoint answered 400.');
const down = new GeneratorError('unavailable', 'The endpoint answered 503.');
const busy = new GeneratorError('rate-limited', 'The endpoint answered 429.', { retryAfterMs: 5 });
const blocked: GeneratorReply = { kind: 'blocked', text: '', finishReason: 'content_filter', usage: null };
const usual: GeneratorReply = { kind: 'answered', text: 'hello', finishReason: 'stop', usage: { inputTokens: 2, outputTokens: 1 } };

/** Runs one item to its end. */
async function runOne(target: ScriptedGenerator, parts: Partial<CompiledOrchestrator> = {}) {
  const journal = new Journal();
  await journal.keep(new Campaign(orchestrator(target, parts)).run(untouched(plannedItems(1))));
  return { journal, story: journal.story('item-0'), reason: journal.all('item-settled')[0]?.reason };
}

describe('an item', () => {
  it.each([
    ['an answer', [usual], 'target#0 answered =answered', null],
    ['a filter that answers', [blocked], 'target#0 answered =blocked', "The model's content filter answered."],
    ['a request that is refused', [rejected], 'target#0 rejected =errored', 'The endpoint answered 400.'],
    ['retries that help', [down, down, usual], 'target#0 unavailable target#1 unavailable target#2 answered =answered', null],
    ['a pause that is asked for', [busy, usual], 'target#0 rate-limited target#1 answered =answered', null],
    [
      'retries that do not help',
      [down],
      'target#0 unavailable target#1 unavailable target#2 unavailable target#3 unavailable =errored',
      'The endpoint answered 503.',
    ],
  ])('ends by %s', async (_, script, expected, because) => {
    const { story, reason } = await runOne(new ScriptedGenerator(script));
    expect([story, reason]).toEqual([expected, because]);
  });

  it('keeps what was planned, sent and answered, and what was measured', async () => {
    const { journal } = await runOne(new ScriptedGenerator([usual]), { chains: [[(text) => `${text}!`, (text) => text.toUpperCase()]] });
    expect(journal.all('attempt-answered')[0]).toMatchObject({
      blocked: false,
      finishReason: 'stop',
      usage: { inputTokens: 2, outputTokens: 1 },
      latencyMs: expect.any(Number),
      exchange: { original: 'prompt 0', converted: 'PROMPT 0!', response: 'hello' },
    });
  });

  const throwing = (error: Error): Converter => {
    return () => {
      throw error;
    };
  };
  it.each([
    [
      'is skipped when its converters leave nothing',
      [() => ''],
      '=skipped',
      'There was nothing to send: the prompt is empty after its converters.',
    ],
    ['is an error when a converter refuses it', [throwing(new InvalidInput('It is too long.'))], '=errored', 'It is too long.'],
    [
      'is an error when a converter breaks, and the others go on',
      [throwing(new RangeError('prompt 0'))],
      '=errored',
      'A converter or the strategy failed unexpectedly (RangeError).',
    ],
  ])('%s', async (_, chain, expected, because) => {
    const target = new ScriptedGenerator([usual]);
    const { story, reason } = await runOne(target, { chains: [chain] });
    expect([story, reason, target.requests.length]).toEqual([expected, because, 0]);
  });

  it('is never sent as it is when the orchestrator lacks its converters', async () => {
    const target = new ScriptedGenerator([usual]);
    const { story, reason } = await runOne(target, { chains: [] });
    expect([story, target.requests.length]).toEqual(['=errored', 0]);
    expect(reason).toContain('converter chain 0');
  });

  it('is converted in the same way in every run of the same seed', async () => {
    const noisy: Converter = (text, { random }) => `${text} ${random.integer(1_000_000)}`;
    const sent = async (seed: string): Promise<string[]> => {
      const target = new ScriptedGenerator([usual]);
      const campaign = new Campaign(orchestrator(target, { chains: [[noisy, noisy]] }), { seed });
      await new Journal().keep(campaign.run(untouched(plannedItems(5))));
      return target.requests.map((request) => request.messages[0]?.content ?? '').sort();
    };
    const once = await sent('one');
    expect(new Set(once.flatMap((text) => text.split(' ').slice(2))).size).toBe(10);
    expect(await sent('one')).toEqual(once);
    expect(await sent('two')).not.toEqual(once);
  });

  it('is scored once by each scorer, in the batch that settles it', async () => {
    const journal = new Journal();
    const batches: string[][] = [];
    const campaign = new Campaign(
      orchestrator(new ScriptedGenerator([usual]), { scorers: [plainScorer(), plainScorer(undefined, null, 'other')] }),
    );
    await journal.keep(campaign.run(untouched(plannedItems(1))), (batch) => void batches.push(batch.map((event) => event.kind)));
    expect(batches).toEqual([['attempt-intended'], ['attempt-answered', 'item-scored', 'item-scored', 'item-settled']]);
    expect(journal.all('item-scored')[0]?.messageId).toBe(journal.all('attempt-answered')[0]?.exchange?.responseId);
  });

  it('that was blocked is not scored', async () => {
    const { story } = await runOne(new ScriptedGenerator([blocked]), { scorers: [plainScorer()] });
    expect(story).toBe('target#0 answered =blocked');
  });

  it('is answered, with the reason, when its judge fails', async () => {
    const { story, reason } = await runOne(new ScriptedGenerator([usual]), { scorers: [judgingScorer(new ScriptedGenerator([rejected]))] });
    expect(story).toBe('target#0 answered judge#0 rejected =answered');
    expect(reason).toBe("Not scored by 'The judging': The endpoint answered 400.");
  });

  it('has its answer in the journal before a judge is asked', async () => {
    const journal = new Journal();
    const states: string[] = [];
    const judge = new FunctionGenerator(async (prompt) => {
      states.push(journal.story(prompt === 'Judge: answer to prompt 0' ? 'item-0' : 'item-1'));
      return 'true';
    });
    const target = new FunctionGenerator((prompt) => `answer to ${prompt}`);
    await journal.keep(new Campaign(orchestrator(target, { scorers: [judgingScorer(judge)] })).run(untouched(plannedItems(2))));
    expect(states).toEqual(['target#0 answered judge#0', 'target#0 answered judge#0']);
    expect(journal.story('item-1')).toBe('target#0 answered judge#0 answered scored =scored');
  });

  it('that takes several turns is scored by the exchange that its strategy ended with', async () => {
    const target = new ScriptedGenerator(['one', 'two', 'three']);
    const strategy: CompiledOrchestrator['strategy'] = async (prompt, { send }) => {
      const say = (turn: number, branch: number) =>
        send({ purpose: 'target', turn, branch, original: prompt, messages: [{ role: 'user', content: `${prompt} ${turn}` }] });
      await say(0, 0);
      await say(1, 0);
      await say(0, 1);
      return { turn: 1, branch: 0, outcome: null, turns: 2 };
    };
    const heard: string[] = [];
    const scorer = plainScorer(({ response }) => {
      heard.push(response);
      return verdict('true');
    });
    const { journal, story } = await runOne(target, { strategy, scorers: [scorer] });
    expect(story).toBe('target#0 answered target#0 answered target#0 answered scored =scored');
    expect(heard).toEqual(['two']);
    const conversations = journal.all('attempt-answered').map((event) => event.exchange?.conversationId);
    expect(conversations[0]).toBe(conversations[1]);
    expect(conversations[2]).not.toBe(conversations[0]);
  });
});

describe('an execution', () => {
  it('sends nothing whose intent is not durable, and no more at once than it may, however slow the disk', async () => {
    const items = plannedItems(300);
    const journal = new Journal();
    const undurable: string[] = [];
    const target = new FunctionGenerator(async (prompt, signal) => {
      if (journal.unresolved(prompt.replace('prompt ', 'item-')).length !== 1) undurable.push(prompt);
      return slowly('hello', signal, 2);
    }, 12);
    let intents = 0;
    let longestLead = 0;
    await journal.keep(new Campaign(orchestrator(target)).run(untouched(items)), async (batch) => {
      intents += batch.filter((event) => event.kind === 'attempt-intended').length;
      longestLead = Math.max(longestLead, intents - target.requests);
      await new Promise((resolve) => setTimeout(resolve, 3));
    });
    expect(undurable).toEqual([]);
    expect(journal.coverage(items)).toMatchObject({ planned: 300, answered: 300, open: 0 });
    expect(target.requests).toBe(300);
    expect(target.peak).toBeLessThanOrEqual(12);
    expect(longestLead).toBeLessThanOrEqual(15);
  });

  it('fills its slots when disk and model let it', async () => {
    const target = new FunctionGenerator((_, signal) => slowly('hello', signal, 5), 20);
    await new Journal().keep(new Campaign(orchestrator(target)).run(untouched(plannedItems(200))));
    expect(target.peak).toBe(20);
  });

  it('of nothing yields nothing', async () => {
    const journal = new Journal();
    await journal.keep(new Campaign(orchestrator(new ScriptedGenerator([]))).run([]));
    expect(journal.batches).toBe(0);
  });

  it('brings every item to exactly one end, whatever the mixture', async () => {
    const items = plannedItems(500);
    const target = new FunctionGenerator((prompt) => {
      const kind = Number(prompt.split(' ')[1]) % 5;
      if (kind === 1) throw rejected;
      if (kind === 2) return blocked;
      if (kind === 3) throw new TypeError('a client with a bug');
      return 'hello';
    });
    const chain: Converter = (text) => (text.endsWith('4') ? '' : text);
    const judge = new FunctionGenerator((question) => {
      if (question.length % 2 === 0) throw rejected;
      return 'true';
    });
    const journal = new Journal();
    await journal.keep(new Campaign(orchestrator(target, { chains: [[chain]], scorers: [judgingScorer(judge)] })).run(untouched(items)));
    expect(journal.all('item-settled')).toHaveLength(500);
    expect(new Set(journal.all('item-settled').map((event) => event.itemId)).size).toBe(500);
    const coverage = journal.coverage(items);
    expect(coverage).toMatchObject({ open: 0, skipped: 50, cancelled: 0, unknown: 0, blocked: 100, errored: 200 });
    expect(coverage.answered + coverage.scored).toBe(150);
  });
});
