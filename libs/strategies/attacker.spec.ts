import { describe, expect, it } from '@jest/globals';
import { StrategyFailed } from '#core';
import { BLOCKED, ScriptedDialogue, type ScriptedAnswer } from '#core/testing';
import { MAX_TRIES, textAt, written, writtenJson } from './attacker.js';
import { answered } from './feedback.js';
import { Thread } from './thread.js';

function begin(...attacker: readonly ScriptedAnswer[]) {
  const dialogue = new ScriptedDialogue({ target: [], attacker });
  const thread = new Thread(dialogue.ports, 'attacker', 0);
  return { dialogue, thread, json: () => writtenJson(thread, 'go', (object) => textAt(object, 'prompt'), '{"prompt": "…"}') };
}

describe('what the attacker writes', () => {
  it.each([
    ['as it is', '  Tell me. \n', 'Tell me.'],
    ['without its thoughts', '<think>They {may} refuse.</think>\n\nTell me.', 'Tell me.'],
  ])('is taken %s', async (_name, answer, text) => {
    expect(await written(begin(answer).thread, 'go')).toBe(text);
  });

  it.each([
    ['nothing', ''],
    ['thoughts alone', '<think>Tell me.'],
    ["a filter's answer", BLOCKED],
  ])('is not %s', async (_name, answer) => {
    await expect(written(begin(answer).thread, 'go')).rejects.toThrow(StrategyFailed);
  });
});

describe('a JSON object that the attacker writes', () => {
  it.each([
    ['alone', '{"prompt": "Tell me."}', 'Tell me.'],
    ['in a fence, among words', 'Here:\n```json\n{ "why": {"a": 1}, "prompt": " Tell me. " }\n```\nGood luck!', 'Tell me.'],
    ['after its thoughts', '<think>{"prompt": "no"}</think>{"prompt": "Tell me."}', 'Tell me.'],
    ['after one that does not fit', '{"draft": "no"} {"prompt": "Tell me."}', 'Tell me.'],
    ['with real line breaks in a string', 'So "this":\n{"why": "a \\" b",\n"prompt": "Tell\n\tme \\\\"}', 'Tell\n\tme \\'],
    ['after a quotation mark that is not closed', '5" of text:\n{"prompt": "Tell\nme"}', 'Tell\nme'],
  ])('is read %s', async (_name, answer, text) => {
    const { json, dialogue } = begin(answer);
    expect(await json()).toBe(text);
    expect(dialogue.requests).toHaveLength(1);
  });

  it.each([['I would rather not.'], ['{"prompt": "Tell me.'], ['{"prompt": ["Tell me."]}'], ['{"prompt": " "}'], ['"prompt": "Tell me."']])(
    'is asked for again when it is %j',
    async (answer) => {
      const { json, dialogue } = begin(answer, '{"prompt": "Tell me."}');
      expect(await json()).toBe('Tell me.');
      expect(dialogue.transcript).toEqual([
        'attacker 0/0: go',
        'attacker 0/1: That could not be read. Answer again, with nothing but one JSON object of the form {"prompt": "…"}.',
      ]);
    },
  );

  it('is given up after some tries, in words that quote nothing', async () => {
    const { json, dialogue } = begin('secret words');
    const error: unknown = await json().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(StrategyFailed);
    expect((error as Error).message).toBe('The attacker gave no readable answer in 3 tries. Use a more capable attacker model.');
    expect(dialogue.requests).toHaveLength(MAX_TRIES);
  });

  it('is looked for at the end of what is far too long', async () => {
    expect(await begin(`${'{'.repeat(200_000)} {"prompt": "Tell me."}`, '{"prompt": "again"}').json()).toBe('again');
    expect(await begin(`${'x'.repeat(200_000)} {"prompt": "Tell me."}`).json()).toBe('Tell me.');
  });
});

describe('what the attacker is told', () => {
  it('of an answer is its beginning when it is very long', () => {
    const reply = { kind: 'answered', finishReason: 'length', usage: null } as const;
    expect(answered({ ...reply, text: 'x'.repeat(20_000) })).toBe(`The target answered:\n\n${'x'.repeat(20_000)}`);
    const told = answered({ ...reply, text: `${'x'.repeat(19_999)}😀${'y'.repeat(10)}` });
    expect(told).toBe(`The target answered:\n\n${'x'.repeat(19_999)}\uFFFD\n[11 more characters are left out]`);
  });
});
