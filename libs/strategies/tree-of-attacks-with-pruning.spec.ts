import { describe, expect, it } from '@jest/globals';
import { GeneratorError, InvalidInput, JudgeFailed, StrategyFailed, type StrategyRequest } from '#core';
import { BLOCKED, ScriptedDialogue, unavailable, unjudged, type DialogueScript, type ScriptedAnswer } from '#core/testing';
import { strategies } from './index.js';

const TOPIC = { onTopicChecking: true, onTopicPrompt: 'Topic: {{ objective }}' };

/** An attacker that writes p1, p2 …, and says what it is given of the topic, one after the other, then yes. */
function model(...topics: readonly ScriptedAnswer[]): DialogueScript['attacker'] {
  let wrote = 0;
  let checked = 0;
  return [
    (request) => {
      if (!isTopic(request)) return JSON.stringify({ improvement: 'all', prompt: `p${++wrote}` });
      const topic = topics[checked++] ?? '{"onTopic": true}';
      return typeof topic === 'function' ? topic(request) : topic;
    },
  ];
}

function isTopic({ messages }: StrategyRequest): boolean {
  return messages[0]?.content.startsWith('Topic') ?? false;
}

function begin(script: Partial<DialogueScript>, parameters = {}) {
  const dialogue = new ScriptedDialogue({ attacker: model(), target: ['no'], judges: { objective: [0.1] }, ...script });
  const name = 'tree-of-attacks-with-pruning';
  const strategy = strategies.get(name).create(strategies.validate(name, { onTopicChecking: false, width: 2, depth: 2, ...parameters }));
  return { dialogue, result: strategy('the goal', dialogue.ports) };
}

/** What was asked, of what the attacker is told only where. */
function outline({ transcript }: ScriptedDialogue): string[] {
  return transcript.map((line) => line.replace(/^(attacker [^:]+):[^]*/, '$1'));
}

describe('tree-of-attacks-with-pruning', () => {
  it('follows the best of each depth with several prompts, the further ones in forks of the conversation with the attacker', async () => {
    const { dialogue, result } = begin({ judges: { objective: [0.1, 0.3, 0.2, 0.5, 0.6, 0.4, 0.9] } }, { depth: 3 });
    expect(await result).toEqual({ branch: 6, turn: 0, outcome: 'success', turns: 3, pruned: [0, 1, 2, 3, 4, 5] });
    expect(outline(dialogue)).toEqual([
      'attacker 0/0',
      'target 0/0: p1',
      'judge objective 0/0: 0.1',
      'attacker 1/0',
      'target 1/0: p2',
      'judge objective 1/0: 0.3',
      // p3 and p5 follow p2, p4 and p6 follow p1.
      'attacker 1/1',
      'target 2/0: p3',
      'judge objective 2/0: 0.2',
      'attacker 0/1',
      'target 3/0: p4',
      'judge objective 3/0: 0.5',
      'attacker 2/1',
      'target 4/0: p5',
      'judge objective 4/0: 0.6',
      'attacker 3/1',
      'target 5/0: p6',
      'judge objective 5/0: 0.4',
      // p5 and p4 are the best: p7 follows p5.
      'attacker 2/2',
      'target 6/0: p7',
      'judge objective 6/0: 0.9',
    ]);
    const attacker = dialogue.requests.filter(({ purpose }) => purpose === 'attacker');
    expect(attacker.flatMap(({ branch, from }) => (from ? [[branch, from]] : []))).toEqual([
      [2, { branch: 1, turn: 0 }],
      [3, { branch: 0, turn: 0 }],
    ]);
    const wrote = attacker.at(-1)?.messages.flatMap(({ role, content }) => (role === 'assistant' ? [content] : []));
    expect(wrote).toEqual(['{"improvement":"all","prompt":"p2"}', '{"improvement":"all","prompt":"p5"}']);
    expect(dialogue.requests.filter(({ purpose }) => purpose === 'target').every(({ messages }) => messages.length === 1)).toBe(true);
  });

  it('keeps what stems from different prompts when all scores are the same, and ends with the first', async () => {
    const { dialogue, result } = begin({}, { depth: 3 });
    expect(await result).toEqual({ branch: 0, turn: 0, outcome: 'failure', turns: 3, pruned: [1, 2, 3, 4, 5, 6, 7, 8, 9] });
    const third = outline(dialogue).filter((line) => /^attacker \d+\/2/.test(line));
    expect(third).toEqual(['attacker 0/2', 'attacker 1/2', 'attacker 4/2', 'attacker 5/2']);
  });

  it('does not send what is off topic', async () => {
    const { dialogue, result } = begin({ attacker: model('{"onTopic": false}', '{"onTopic": "yes"}') }, { ...TOPIC, depth: 1 });
    expect(await result).toEqual({ branch: 1, turn: 0, outcome: 'failure', turns: 1, pruned: [] });
    expect(outline(dialogue)).toEqual([
      'attacker 0/0',
      'attacker 1/0',
      'attacker 2/0',
      'attacker 3/0',
      'target 1/0: p2',
      'judge objective 1/0: 0.1',
    ]);
    const questions = dialogue.requests.filter(isTopic).map(({ messages }) => messages.map(({ content }) => content));
    expect(questions).toEqual([
      ['Topic: the goal', 'The prompt:\n\np1'],
      ['Topic: the goal', 'The prompt:\n\np2'],
    ]);
  });

  it.each<[string, ScriptedAnswer, number]>([
    ['an answer that can not be read', 'It is, I think.', 3],
    ["the filter of the attacker's model", () => BLOCKED as { kind: 'blocked' }, 1],
  ])('takes %s for a yes', async (_name, answer, questions) => {
    const { dialogue, result } = begin({ attacker: model(answer, answer, answer) }, { ...TOPIC, width: 1, depth: 1 });
    expect(await result).toMatchObject({ branch: 0, outcome: 'failure' });
    expect(dialogue.requests.filter(isTopic)).toHaveLength(questions);
    expect(dialogue.said('target')).toEqual(['p1']);
  });

  it('fails with a reason when no branch is left, and ends with the best before', async () => {
    const yes = '{"onTopic": true}';
    const no = '{"onTopic": "no"}';
    const target = ['no', 'nearly', unavailable()];
    const judges = { objective: [0.2, 0.5] };
    const { result } = begin({ attacker: model(yes, yes, no, no, yes, no), target, judges }, { ...TOPIC, depth: 9 });
    const reason = 'No branch was left at depth 2: 3 went off topic, 1 failed.';
    expect(await result).toEqual({ branch: 1, turn: 0, outcome: 'failure', turns: 2, reason, pruned: [0] });
  });

  it('can not go on when the first prompts are all off topic', async () => {
    const { dialogue, result } = begin({ attacker: model('{"onTopic": false}', '{"onTopic": false}') }, TOPIC);
    await expect(result).rejects.toThrow(StrategyFailed);
    expect(dialogue.said('target')).toEqual([]);
  });

  it('tells the error when what was on topic brought nothing else', async () => {
    const { result } = begin({ attacker: model('{"onTopic": false}'), target: [unavailable()] }, TOPIC);
    await expect(result).rejects.toThrow(GeneratorError);
  });

  it('goes on without the branches that fail', async () => {
    const down = unavailable();
    const { dialogue, result } = begin(
      { target: ['no', 'no', 'no', down, 'nearly', BLOCKED], judges: { objective: [0.1, unjudged(), 0.2, 0.3] } },
      { width: 3 },
    );
    expect(await result).toEqual({ branch: 4, turn: 0, outcome: 'failure', turns: 2, pruned: [0, 1, 2, 5, 6] });
    expect(dialogue.said('target')).toHaveLength(7);
  });

  it.each([
    ['an attacker that writes no JSON', { attacker: ['no'] }, StrategyFailed],
    ['a target that is down', { target: [unavailable()] }, GeneratorError],
    ['a target that goes down', { target: ['no', 'no', unavailable()] }, GeneratorError],
    ['a judge without a verdict', { judges: { objective: [unjudged()] } }, JudgeFailed],
  ])('does not go on when all branches have %s', async (_name, script, error) => {
    await expect(begin(script).result).rejects.toThrow(error);
  });

  it('takes no other error for the end of a branch, not even in a question of the topic', async () => {
    const ends = new Error('the execution ends');
    await expect(begin({ target: [ends, 'yes'] }).result).rejects.toThrow(ends);
    await expect(begin({ attacker: model(() => ends) }, TOPIC).result).rejects.toThrow(ends);
    await expect(begin({ judges: { objective: [ends, true] } }).result).rejects.toThrow(ends);
  });

  it.each([{ width: 21 }, { branchingFactor: 0 }, { attackerPrompt: '{{ approach }}' }, { onTopicPrompt: '{{ prompt }}' }, { roots: 1 }])(
    'refuses the parameters %j',
    (parameters) => {
      expect(() => begin({}, parameters)).toThrow(InvalidInput);
    },
  );

  it('says what it costs at most', () => {
    const { cost } = strategies.get('tree-of-attacks-with-pruning');
    expect(cost(strategies.validate('tree-of-attacks-with-pruning', {}))).toEqual({
      target: 27,
      attacker: 162,
      judgements: { objective: 27 },
    });
  });
});
