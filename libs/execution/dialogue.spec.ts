import { describe, expect, it } from '@jest/globals';
import {
  GeneratorError,
  JudgeFailed,
  StrategyFailed,
  type ExecutionEvent,
  type GeneratorReply,
  type Item,
  type Place,
  type Strategy,
  type StrategyPorts,
} from '#core';
import { ScriptedGenerator } from '#core/testing';
import type { CompiledOrchestrator } from './orchestration.js';
import { begun, Campaign, judgingScorer, orchestrator, plainScorer, plannedItems, untouched, verdict } from './testing/campaign.js';
import { Journal } from './testing/journal.js';

const item = plannedItems(1)[0] as Item;

function say(ports: StrategyPorts, place: Place, text: string, more: { purpose?: 'attacker'; from?: Place } = {}) {
  const { purpose = 'target', from } = more;
  return ports.send({ ...place, purpose, original: text, messages: [{ role: 'user', content: text }], ...(from ? { from } : {}) });
}

/** Asks the attacker what to say, says it, and has the answer judged, turn by turn, until it is true. */
const untilTrue: Strategy = async (objective, ports) => {
  let told = objective;
  for (let turn = 0; ; turn++) {
    const place = { branch: 0, turn };
    const { text } = await say(ports, place, told, { purpose: 'attacker' });
    told = (await say(ports, place, text)).text;
    if ((await ports.judge('objective', place)).degree === 1) return { ...place, outcome: 'success', turns: turn + 1 };
  }
};

function attack(parts: Partial<CompiledOrchestrator> & { replies?: readonly string[] } = {}) {
  const target = new ScriptedGenerator(parts.replies ?? ['no', 'nearly', 'yes']);
  const attacker = new ScriptedGenerator(['one', 'two', 'three'], { limitKey: 'attacker' });
  const judge = new ScriptedGenerator([({ messages }) => String(messages.at(-1)?.content === 'Judge: yes')], { limitKey: 'judge' });
  const judges = new Map([['objective', judgingScorer(judge, 'goal')]]);
  return { target, attacker, judge, compiled: orchestrator(target, { strategy: untilTrue, attacker, judges, ...parts }) };
}

async function run(compiled: CompiledOrchestrator, journal = new Journal(), options = {}) {
  await journal.keep(new Campaign(compiled, options).run(journal.progress([item])));
  return journal;
}

describe('an attack', () => {
  it('is journaled turn by turn, and ends with its result', async () => {
    const { compiled } = attack();
    const journal = await run(compiled);
    const turn = 'attacker#0 answered target#0 answered judge#0 answered scored';
    expect(journal.story(item.id)).toBe(`${turn} ${turn} ${turn} attack-ended =scored`);
    const places = journal.all('attempt-intended').map(({ purpose, branch, turn: number }) => `${purpose} ${branch}/${number}`);
    expect(places.slice(0, 6)).toEqual(['attacker 0/0', 'target 0/0', 'judge 0/0', 'attacker 0/1', 'target 0/1', 'judge 0/100']);
    const answers = journal.all('attempt-answered').flatMap(({ exchange }) => exchange ?? []);
    const [attackers, targets] = [answers.filter((_, n) => n % 2 === 0), answers.filter((_, n) => n % 2 === 1)];
    expect(new Set(attackers.map(({ conversationId }) => conversationId)).size).toBe(1);
    expect(new Set(targets.map(({ conversationId }) => conversationId)).size).toBe(1);
    expect(journal.all('attack-ended')).toMatchObject([
      {
        outcome: 'success',
        turns: 3,
        reason: null,
        conversationId: targets[0]?.conversationId,
        responseId: targets[2]?.responseId,
        attackerConversationIds: [attackers[0]?.conversationId],
        prunedConversationIds: [],
      },
    ]);
    expect(journal.all('item-scored').map(({ messageId }) => messageId)).toEqual(targets.map(({ responseId }) => responseId));
  });

  it('goes on after a crash from its last durable turn, wherever that was, and asks nothing twice', async () => {
    const batches: ExecutionEvent[][] = [];
    await new Journal().keep(new Campaign(attack().compiled).run(untouched([item])), (batch) => void batches.push(batch));
    const counts: number[] = [];
    for (let cut = 1; cut < batches.length; cut++) {
      const journal = new Journal();
      for (const batch of batches.slice(0, cut)) journal.remember(batch);
      const lost =
        journal.unresolved(item.id).length + journal.unresolved(item.id, 'judge').length + journal.unresolved(item.id, 'attacker').length;
      const { compiled, target, attacker, judge } = attack();
      // A real model answers what it is asked; this one by its script, from where the journal left it.
      for (const [partner, purpose] of [
        [target, 'target'],
        [attacker, 'attacker'],
      ] as const) {
        for (const { purpose: of } of answered(journal)) if (of === purpose) await skip(partner);
      }
      const before = [target, attacker, judge].reduce((sum, { requests }) => sum + requests.length, 0);
      await run(compiled, journal);
      const asked = [target, attacker, judge].reduce((sum, { requests }) => sum + requests.length, 0) - before;
      counts.push(asked);
      expect(journal.all('attack-ended')).toMatchObject([{ outcome: 'success', turns: 3 }]);
      expect(journal.all('attempt-intended')).toHaveLength(9 + lost);
      expect(journal.all('attempt-lost')).toHaveLength(lost);
      expect(journal.all('item-scored').map(({ score }) => score.value)).toEqual(['false', 'false', 'true']);
      expect(new Set(journal.all('item-scored').map(({ messageId }) => messageId)).size).toBe(3);
      expect(journal.all('item-settled')).toMatchObject([{ state: 'scored' }]);
      const texts = journal
        .all('attempt-answered')
        .flatMap(({ exchange }) => (exchange ? [`${exchange.converted} > ${exchange.response}`] : []));
      expect(texts).toEqual(['prompt 0 > one', 'one > no', 'no > two', 'two > nearly', 'nearly > three', 'three > yes']);
    }
    expect(Math.max(...counts)).toBe(9);
    expect(Math.min(...counts)).toBe(1);
  });

  it('is marked unknown when a request to the target was in flight, and only then', async () => {
    const { compiled } = attack();
    const marked = new Journal();
    await marked.keep(new Campaign(compiled, { onUnknownOutcome: 'mark' }).run([begun(item)]));
    expect(marked.story(item.id)).toBe('lost =unknown');
    const whole = await run(attack().compiled);
    const inAttacker = new Journal();
    inAttacker.remember(whole.events.slice(0, 1));
    await run(attack().compiled, inAttacker, { onUnknownOutcome: 'mark' });
    expect(inAttacker.all('item-settled')).toMatchObject([{ state: 'scored' }]);
  });

  it('is cancelled half-way without a result', async () => {
    const campaign: Campaign = new Campaign(
      attack({
        judges: new Map([
          [
            'objective',
            plainScorer(() => {
              campaign.cancel.abort();
              return verdict('false');
            }),
          ],
        ]),
      }).compiled,
    );
    const journal = new Journal();
    await journal.keep(campaign.run(untouched([item])));
    expect(journal.all('item-settled')).toMatchObject([{ state: 'cancelled' }]);
    expect(journal.all('attack-ended')).toEqual([]);
  });

  it.each([
    [
      'the target',
      {
        strategy: (_, ports) =>
          say(ports, { branch: 0, turn: 0 }, 'x', {}).then(() => {
            throw new GeneratorError('rejected', 'The endpoint answered 400.');
          }),
      },
      'The endpoint answered 400.',
    ],
    [
      'the strategy',
      {
        strategy: async () => {
          throw new StrategyFailed('The attacker gave no readable answer.');
        },
      },
      'The attacker gave no readable answer.',
    ],
    [
      'a judge',
      {
        judges: new Map([
          [
            'objective',
            plainScorer(
              () => {
                throw new Error('secret');
              },
              null,
              'goal',
            ),
          ],
        ]),
      },
      "Not judged by 'The goal': The scorer failed unexpectedly (Error).",
    ],
  ] satisfies [string, Partial<CompiledOrchestrator>, string][])(
    'that %s fails is errored, with a result that says why',
    async (_who, parts, reason) => {
      const journal = await run(attack(parts).compiled);
      expect(journal.all('item-settled')).toMatchObject([{ state: 'errored', reason }]);
      expect(journal.all('attack-ended')).toMatchObject([{ outcome: 'error', reason }]);
    },
  );

  it('fails again by what it gave up before, without asking again', async () => {
    const strategy: Strategy = async (_, ports) => {
      const failed = await say(ports, { branch: 0, turn: 0 }, 'first').catch((error: unknown) => error);
      if (!(failed instanceof GeneratorError)) throw new TypeError('It should have failed.');
      await say(ports, { branch: 1, turn: 0 }, 'second');
      await ports.judge('objective', { branch: 1, turn: 0 });
      return { branch: 1, turn: 0, outcome: 'undetermined', reason: failed.message, turns: 1, pruned: [0] };
    };
    const target = () => new ScriptedGenerator([new GeneratorError('rejected', 'The endpoint answered 400.'), 'yes']);
    const judges = new Map([['objective', plainScorer()]]);
    const whole = await run(orchestrator(target(), { strategy, judges }));
    expect(whole.story(item.id)).toBe('target#0 rejected target#0 answered scored attack-ended =scored');
    const journal = new Journal();
    journal.remember(whole.events.slice(0, 3));
    const again = new ScriptedGenerator(['yes']);
    await run(orchestrator(again, { strategy, judges }), journal);
    expect(again.requests).toHaveLength(1);
    expect(journal.all('attack-ended')).toMatchObject([{ outcome: 'undetermined', reason: 'The endpoint answered 400.' }]);
  });

  it('is left unjudged by a judge that failed before, if it went on without it', async () => {
    const strategy: Strategy = async (_, ports) => {
      await say(ports, { branch: 0, turn: 0 }, 'a');
      const unjudged = await ports.judge('objective', { branch: 0, turn: 0 }).catch((error: unknown) => error);
      if (!(unjudged instanceof JudgeFailed)) throw new TypeError('It should not have been judged.');
      await say(ports, { branch: 1, turn: 0 }, 'b');
      const { degree } = await ports.judge('objective', { branch: 1, turn: 0 });
      return { branch: 1, turn: 0, outcome: degree === 1 ? 'success' : 'failure', turns: 1, pruned: [0] };
    };
    const failing = new ScriptedGenerator([new GeneratorError('rejected', 'The judge answered 400.'), 'true'], { limitKey: 'judge' });
    const batches: ExecutionEvent[][] = [];
    const judged = (model: ScriptedGenerator) => ({ strategy, judges: new Map([['objective', judgingScorer(model, 'goal')]]) });
    const first = orchestrator(new ScriptedGenerator(['A', 'B']), judged(failing));
    await new Journal().keep(new Campaign(first).run(untouched([item])), (batch) => void batches.push(batch));
    for (let cut = 1; cut < batches.length; cut++) {
      const journal = new Journal();
      for (const batch of batches.slice(0, cut)) journal.remember(batch);
      const asked = journal.all('attempt-failed').length;
      const willing = new ScriptedGenerator(asked > 0 ? ['true'] : [new GeneratorError('rejected', 'The judge answered 400.'), 'true'], {
        limitKey: 'judge',
      });
      const goesOn = journal.all('attempt-intended').filter(({ purpose }) => purpose === 'target').length > 1;
      // Before it went on, the judge may still be asked again.
      if (!goesOn) continue;
      await run(orchestrator(new ScriptedGenerator(['B']), judged(willing)), journal);
      expect(journal.all('attack-ended')).toMatchObject([{ outcome: 'success' }]);
      expect(journal.all('item-scored')).toHaveLength(1);
    }
  });

  it('branches: the new conversation goes on from the turn it is told, and what was given up is named', async () => {
    const strategy: Strategy = async (_, ports) => {
      await say(ports, { branch: 0, turn: 0 }, 'a');
      await say(ports, { branch: 0, turn: 1 }, 'b');
      await say(ports, { branch: 1, turn: 1 }, 'c', { from: { branch: 0, turn: 0 } });
      await say(ports, { branch: 1, turn: 2 }, 'd', { from: { branch: 0, turn: 0 } });
      return { branch: 1, turn: 2, outcome: 'failure', turns: 3, backtracks: 1, pruned: [0, 7] };
    };
    const journal = await run(orchestrator(new ScriptedGenerator(['A', 'B', 'C', 'D']), { strategy }));
    const exchanges = journal.all('attempt-answered').map(({ exchange }) => exchange);
    const [a, b, c, d] = exchanges;
    expect(b?.conversationId).toBe(a?.conversationId);
    expect(c).toMatchObject({ continues: { conversationId: a?.conversationId, responseId: a?.responseId } });
    expect(d).not.toHaveProperty('continues');
    expect(d?.conversationId).toBe(c?.conversationId);
    expect(journal.all('attack-ended')).toMatchObject([
      { outcome: 'failure', backtracks: 1, conversationId: d?.conversationId, prunedConversationIds: [a?.conversationId] },
    ]);
    // Nobody was asked whether it is any good: it counts as answered.
    expect(journal.all('item-settled')).toMatchObject([{ state: 'answered' }]);
  });

  it('keeps what stands before its first request', async () => {
    const strategy: Strategy = async (_, ports) => {
      const preceding = [{ role: 'system', content: 'Be kind.' }] as const;
      const messages = [...preceding, { role: 'user', content: 'a' }] as const;
      await ports.send({ branch: 0, turn: 0, purpose: 'target', original: 'a', messages });
      await ports.send({
        branch: 0,
        turn: 1,
        purpose: 'target',
        original: 'b',
        messages: [...messages, { role: 'assistant', content: 'A' }, { role: 'user', content: 'b' }],
      });
      return { branch: 0, turn: 1, outcome: null, turns: 2 };
    };
    const journal = await run(orchestrator(new ScriptedGenerator(['A', 'B']), { strategy }));
    const [first, second] = journal.all('attempt-answered').map(({ exchange }) => exchange);
    expect(first?.preceding).toEqual([{ role: 'system', content: 'Be kind.' }]);
    expect(second).not.toHaveProperty('preceding');
    expect(journal.all('attack-ended')).toEqual([]);
  });

  it('is not judged twice by who has judged it for the strategy', async () => {
    let asked = 0;
    const goal = plainScorer(() => {
      asked += 1;
      return verdict('true');
    });
    const journal = await run(
      attack({ judges: new Map([['objective', goal]]), scorers: [goal, plainScorer(() => verdict('false'), null, 'other')] }).compiled,
    );
    expect(asked).toBe(1);
    expect(journal.all('item-scored').map(({ scorer, score }) => `${scorer.id} ${score.value}`)).toEqual(['scorer true', 'other false']);
  });

  it('that a filter answers at last is blocked', async () => {
    const blocked: GeneratorReply = { kind: 'blocked', text: '', finishReason: 'content_filter', usage: null };
    const strategy: Strategy = async (_, ports) => {
      await say(ports, { branch: 0, turn: 0 }, 'a');
      return { branch: 0, turn: 0, outcome: 'failure', turns: 1 };
    };
    const journal = await run(orchestrator(new ScriptedGenerator([blocked]), { strategy, scorers: [plainScorer()] }));
    expect(journal.story(item.id)).toBe('target#0 answered attack-ended =blocked');
  });
});

/** The attempts of an item that were answered, with their purposes. */
function answered(journal: Journal): { readonly purpose: string }[] {
  const [progress] = journal.progress([item]);
  return (progress?.attempts ?? []).filter(({ state }) => state === 'answered').map(({ purpose }) => ({ purpose }));
}

/** Takes a line of a script as said. */
async function skip(generator: ScriptedGenerator): Promise<void> {
  await generator.generate({ messages: [], signal: new AbortController().signal });
}
