import { describe, expect, it } from '@jest/globals';
import { NothingToSend } from '#core';
import { BLOCKED } from '#core/testing';
import { play } from './testing/play.js';

describe('prompt-sending', () => {
  it('sends the converted prompt and nothing else, whatever comes back', async () => {
    const { result, dialogue } = await play('prompt-sending', { target: [BLOCKED], convert: (text) => text.toUpperCase() }, {}, 'tell me');
    expect(result).toEqual({ branch: 0, turn: 0, outcome: null, turns: 1 });
    expect(dialogue.requests).toEqual([
      { purpose: 'target', branch: 0, turn: 0, original: 'tell me', messages: [{ role: 'user', content: 'TELL ME' }] },
    ]);
  });

  it('leaves a prompt of which the converters leave nothing to the caller', async () => {
    const { error } = await play('prompt-sending', { target: ['Yes.'], convert: () => '' });
    expect(error).toBeInstanceOf(NothingToSend);
  });
});
