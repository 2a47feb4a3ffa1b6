import { describe, expect, it } from '@jest/globals';
import { GeneratorError, type StrategyRequest } from '#core';
import { ScriptedDialogue, unavailable, type DialogueScript } from '#core/testing';
import { Thread } from './thread.js';

const SYSTEM = { role: 'system', content: 'rules' } as const;

/** A target that says in which order it was asked, and the first conversation with it, `a`. */
function begin(script: Partial<DialogueScript> = {}) {
  let answers = 0;
  const dialogue = new ScriptedDialogue({ target: [() => `answer ${answers++}`], ...script });
  return { dialogue, a: new Thread(dialogue.ports, 'target', 0, [SYSTEM]) };
}

function history({ messages }: StrategyRequest): string {
  return messages.map(({ content }) => content).join(' | ');
}

async function say(thread: Thread, ...texts: readonly string[]): Promise<void> {
  for (const text of texts) await thread.say(text);
}

describe('a thread', () => {
  it('says each thing with all that was said before, as it was sent', async () => {
    const { dialogue, a } = begin({ convert: (text) => text.toUpperCase() });
    await say(a, 'one', 'two');
    expect(dialogue.requests.map(history)).toEqual(['rules | ONE', 'rules | ONE | answer 0 | TWO']);
    expect(dialogue.requests.map(({ original, turn }) => [original, turn])).toEqual([
      ['one', 0],
      ['two', 1],
    ]);
  });

  it('does not convert what the attacker is told', async () => {
    const { dialogue } = begin({ attacker: ['I see'], convert: () => 'converted' });
    await new Thread(dialogue.ports, 'attacker', 0).say('hello');
    expect(dialogue.said('attacker')).toEqual(['hello']);
  });

  it('remembers what was really sent, which after a crash is what was sent then', async () => {
    const { dialogue } = begin();
    const send = async (request: StrategyRequest) => ({ ...(await dialogue.ports.send(request)), sent: 'as sent then' });
    const thread = new Thread({ ...dialogue.ports, send }, 'target', 0);
    await say(thread, 'one', 'two');
    expect(history(dialogue.requests[1] as StrategyRequest)).toBe('as sent then | answer 0 | two');
  });

  it('goes on in a fork when a turn failed', async () => {
    const { dialogue, a } = begin({ target: ['yes', unavailable(), 'again'] });
    await a.say('one');
    await expect(a.say('two')).rejects.toThrow(GeneratorError);
    expect(a.turns).toBe(1);
    expect((await a.fork(1).say('three')).place).toEqual({ branch: 1, turn: 1 });
    expect(history(dialogue.requests[2] as StrategyRequest)).toBe('rules | one | yes | three');
  });

  it('forks without its last turn, and both go on by themselves', async () => {
    const { dialogue, a } = begin();
    await say(a, 'one', 'two');
    const b = a.fork(1, 1);
    await say(b, 'other');
    await say(a, 'three');
    await say(b, 'next');
    expect(dialogue.requests.slice(2).map((request) => [request.branch, request.turn, request.from, history(request)])).toEqual([
      [1, 1, { branch: 0, turn: 0 }, 'rules | one | answer 0 | other'],
      [0, 2, undefined, 'rules | one | answer 0 | two | answer 1 | three'],
      [1, 2, undefined, 'rules | one | answer 0 | other | answer 2 | next'],
    ]);
  });

  it('begins anew when nothing of it is kept', async () => {
    const { dialogue, a } = begin();
    await a.say('one');
    const b = a.fork(1, 0);
    await b.say('other');
    expect(b.turns).toBe(1);
    expect(dialogue.requests[1]).toMatchObject({ branch: 1, turn: 0, messages: [SYSTEM, { role: 'user', content: 'other' }] });
    expect(dialogue.requests[1]).not.toHaveProperty('from');
  });

  it('forks a fork from where each turn was really said, however many forks lie between', async () => {
    const { dialogue, a } = begin();
    await say(a, 'one', 'two');
    const b = a.fork(1);
    await b.say('three');
    const c = b.fork(2);
    // Of the next, nothing was ever said in c, and its second turn not in b either.
    await c.fork(3, 2).say('from the first');
    await c.fork(4, 3).say('from the second');
    await c.fork(5, 1).say('from the beginning');
    expect(dialogue.requests.slice(3).map(({ branch, turn, from }) => [branch, turn, from])).toEqual([
      [3, 2, { branch: 0, turn: 1 }],
      [4, 3, { branch: 1, turn: 2 }],
      [5, 1, { branch: 0, turn: 0 }],
    ]);
    expect(history(dialogue.requests[3] as StrategyRequest)).toBe('rules | one | answer 0 | two | answer 1 | from the first');
  });

  it.each([-1, 2])('has no %d turns to go on from when it has one', async (turns) => {
    const { a } = begin();
    await a.say('one');
    expect(() => a.fork(1, turns)).toThrow(RangeError);
  });
});
