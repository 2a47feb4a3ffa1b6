import { describe, expect, it } from '@jest/globals';
import { GeneratorError, StrategyFailed } from '#core';
import { BLOCKED, unavailable } from '#core/testing';
import { strategies } from './index.js';
import { faultsOf, play } from './testing/play.js';

const SCENARIOS = [
  ['movie-script', /film script/, /screenplay/],
  ['video-game', /computer game/, /Archivist/],
  ['trivia-game', /quiz/, /quiz night/],
  ['persuasion', /persuades/, /advice line/],
  ['persuasion-written', /letter/, /correspondence office/],
] as const;

describe('role-play', () => {
  it.each(SCENARIOS)('%s: what the attacker rewrote follows the turns in which the target agreed', async (scenario, told, asked) => {
    const { dialogue } = await play(
      'role-play',
      { attacker: ['Gladly.\n```json\n{"prompt": " rewritten "}\n```'], target: ['Yes.'], convert: (text) => `<${text}>` },
      { scenario },
    );
    const [rephrase, request] = dialogue.requests;
    expect(rephrase).toMatchObject({ purpose: 'attacker', branch: 0, turn: 0, messages: [{ role: 'user' }] });
    expect(rephrase?.original).toMatch(told);
    expect(rephrase?.original).toContain('\n\nthe goal\n\n');
    expect(request?.messages).toEqual([
      { role: 'user', content: expect.stringMatching(asked) as unknown },
      { role: 'assistant', content: expect.any(String) as unknown },
      { role: 'user', content: '<rewritten>' },
    ]);
  });

  it('asks again when the attacker does not write what can be read', async () => {
    const { result, dialogue } = await play('role-play', {
      attacker: ["I can't help with that.", '{"prompt": 7}', '{"prompt": "rewritten"}'],
      target: ['Yes.'],
      judges: { objective: [true] },
    });
    expect(result).toMatchObject({ outcome: 'success', branch: 0, turn: 0 });
    expect(dialogue.transcript.slice(1)).toEqual([
      'attacker 0/1: That could not be read. Answer again, with nothing but one JSON object of the form {"prompt": "…"}.',
      'attacker 0/2: That could not be read. Answer again, with nothing but one JSON object of the form {"prompt": "…"}.',
      'target 0/0: rewritten',
      'judge objective 0/0: 1',
    ]);
  });

  it.each([
    ['writes nothing that can be read', ['no', '{"prompt": ""}', '{"text": "rewritten"}', '{"prompt": "too late"}'], StrategyFailed, 3],
    ['has a filter that answers', [BLOCKED], StrategyFailed, 1],
    ['is down', ['no', unavailable()], GeneratorError, 2],
  ] as const)('fails with an attacker that %s', async (_name, attacker, error, asked) => {
    const { error: thrown, dialogue } = await play('role-play', { attacker, target: ['Yes.'] });
    expect(thrown).toBeInstanceOf(error);
    expect(dialogue.said('attacker')).toHaveLength(asked);
    expect(dialogue.said('target')).toEqual([]);
  });

  it('has a new text written for each attempt', async () => {
    const { result, dialogue } = await play(
      'role-play',
      { attacker: ['{"prompt": "one"}', 'no', '{"prompt": "two"}'], target: ['No.'], judges: { objective: [false] } },
      { maxAttempts: 2 },
    );
    expect(result).toEqual({ branch: 1, turn: 0, outcome: 'failure', turns: 1, pruned: [0] });
    expect(dialogue.said('target')).toEqual(['one', 'two']);
    expect(dialogue.requests.map(({ purpose, branch, turn }) => `${purpose} ${branch}/${turn}`)).toEqual([
      'attacker 0/0',
      'target 0/0',
      'attacker 1/0',
      'attacker 1/1',
      'target 1/0',
    ]);
  });

  it('takes other texts, and keeps the rest of the scenario', async () => {
    const parameters = { scenario: 'video-game', rephrasePrompt: 'Rewrite {{ objective }}', userStart: 'Play.' };
    const { dialogue } = await play('role-play', { attacker: ['{"prompt": "rewritten"}'], target: ['Yes.'] }, parameters);
    const contents = dialogue.requests.flatMap(({ messages }) => messages.map(({ content }) => content));
    expect(contents).toEqual(['Rewrite the goal', 'Play.', expect.stringMatching(/^The Archivist is ready/), 'rewritten']);
  });

  it('refuses the texts of another scenario, as are left when only the scenario is changed', () => {
    const before = strategies.validate('role-play', { scenario: 'persuasion', assistantStart: 'Fine.' });
    expect(faultsOf('role-play', { ...before, scenario: 'trivia-game' })).toEqual(
      ['rephrasePrompt', 'userStart'].map((name) => ({
        pointer: `/parameters/strategy/${name}`,
        detail: "is the text of 'persuasion'; leave it out to have that of 'trivia-game'",
      })),
    );
  });

  it.each([
    [{ scenario: 'opera' }, '/parameters/scenario'],
    [{ rephrasePrompt: 'Rewrite it.' }, '/parameters/strategy/rephrasePrompt'],
    [{ userStart: '' }, '/parameters/userStart'],
  ])('refuses %j', (parameters, pointer) => {
    expect(faultsOf('role-play', parameters)[0]?.pointer).toBe(pointer);
  });
});
