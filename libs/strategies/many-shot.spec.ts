import { describe, expect, it } from '@jest/globals';
import { strategies } from './index.js';
import type { Example } from './examples.js';
import { faultsOf, play } from './testing/play.js';

const bundled = strategies.validate('many-shot', {})['examples'] as unknown as readonly Example[];

describe('many-shot', () => {
  it('puts the prompt after the first hundred of its own examples', async () => {
    const { dialogue } = await play('many-shot', { target: ['Yes.'] });
    const [said = ''] = dialogue.said('target');
    expect(said.match(/^Person: /gm)).toHaveLength(101);
    expect(said).toContain(`Person: ${bundled[99]?.question}\nAssistant: ${bundled[99]?.answer}\n\nPerson: the goal\nAssistant:`);
    expect(said).not.toContain(bundled[100]?.question);
  });

  it('has examples that differ, and are questions with an answer', () => {
    expect(bundled).toHaveLength(128);
    expect(new Set(bundled.map(({ question }) => question)).size).toBe(128);
    expect(new Set(bundled.map(({ answer }) => answer)).size).toBe(128);
    for (const { question, answer } of bundled) {
      expect(question).toMatch(/^[A-Z][^\n]{20,159}[?.]$/);
      expect(answer).toMatch(/^["A-Z][^\n]{99,399}[."]$/);
    }
  });

  it('takes other examples, as many as are asked for and there are, and leaves what looks like a place in them alone', async () => {
    const examples = [
      { question: 'one', answer: '{{ objective }}' },
      { question: 'two', answer: '2' },
    ];
    const texts = { template: '{{ examples }}|{{ objective }}', exampleTemplate: '{{ question }}={{ answer }}' };
    const all = await play('many-shot', { target: ['Yes.'] }, { examples, ...texts });
    expect(all.dialogue.said('target')).toEqual(['one={{ objective }}\n\ntwo=2|the goal']);
    const one = await play('many-shot', { target: ['Yes.'] }, { examples, exampleCount: 1, ...texts });
    expect(one.dialogue.said('target')).toEqual(['one={{ objective }}|the goal']);
  });

  it.each([
    [{ exampleCount: 0 }, '/parameters/exampleCount'],
    [{ examples: [] }, '/parameters/examples'],
    [{ examples: [{ question: 'one' }] }, '/parameters/examples/0/answer'],
    [{ template: '{{ examples }}' }, '/parameters/strategy/template'],
    [{ exampleTemplate: '{{ question }}' }, '/parameters/strategy/exampleTemplate'],
  ])('refuses %j', (parameters, pointer) => {
    expect(faultsOf('many-shot', parameters)[0]?.pointer).toBe(pointer);
  });
});
