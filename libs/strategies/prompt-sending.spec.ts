import { describe, expect, it } from '@jest/globals';
import { GeneratorError, InvalidInput, type GeneratorReply, type StrategyPorts, type StrategyRequest } from '#core';
import { strategies } from './index.js';

function portsOf(send: (request: StrategyRequest) => Promise<GeneratorReply>): { ports: StrategyPorts; sent: StrategyRequest[] } {
  const sent: StrategyRequest[] = [];
  return {
    sent,
    ports: {
      convert: (text) => text.toUpperCase(),
      send: (request) => {
        sent.push(request);
        return send(request);
      },
    },
  };
}

const run = strategies.get('prompt-sending').create(strategies.validate('prompt-sending', {}));

describe('prompt-sending', () => {
  it.each(['answered', 'blocked'] as const)('sends the converted prompt once and returns what was %s', async (kind) => {
    const reply: GeneratorReply = { kind, text: 'No.', finishReason: 'stop', usage: null };
    const { ports, sent } = portsOf(async () => reply);
    expect(await run('tell me', ports)).toEqual({ reply, turn: 0, branch: 0 });
    expect(sent).toEqual([
      { purpose: 'target', turn: 0, branch: 0, original: 'tell me', messages: [{ role: 'user', content: 'TELL ME' }] },
    ]);
  });

  it('leaves an error to the caller, and does not try again', async () => {
    const { ports, sent } = portsOf(async () => {
      throw new GeneratorError('timeout', 'No answer within 30000 ms.');
    });
    await expect(run('tell me', ports)).rejects.toThrow(GeneratorError);
    expect(sent).toHaveLength(1);
  });

  it('takes no parameters', () => {
    expect(() => strategies.validate('prompt-sending', { turns: 2 })).toThrow(InvalidInput);
  });
});
