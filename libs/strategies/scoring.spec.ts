import { expect, it } from '@jest/globals';
import { StrategyFailed } from '#core';
import { ScriptedDialogue } from '#core/testing';
import { strategies } from './index.js';

const run = strategies.get('scoring').create(strategies.validate('scoring', {}));

it('scoring ends with the stored answer, and asks nothing', async () => {
  const dialogue = new ScriptedDialogue({ target: [] });
  const stored = { branch: 0, turn: 0 };
  expect(await run('', { ...dialogue.ports, stored })).toEqual({ ...stored, outcome: null, turns: 0 });
  expect(dialogue.transcript).toEqual([]);
});

it('scoring fails when the answer is gone', async () => {
  await expect(run('', new ScriptedDialogue({ target: [] }).ports)).rejects.toThrow(StrategyFailed);
});
