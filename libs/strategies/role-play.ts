import { MAX_TRIES, textsOf, writtenJson } from './attacker.js';
import { checkChoice, defaultsOf, type Choice } from './choice.js';
import { singleTurn } from './single-turn.js';
import { readParts } from './template-parts.js';
import { checkTemplate, fill, textParameter } from './template.js';
import { Thread } from './thread.js';

interface RolePlayParameters {
  readonly rephrasePrompt: string;
  readonly userStart: string;
  readonly assistantStart: string;
}

const SCENARIOS = ['movie-script', 'video-game', 'trivia-game', 'persuasion', 'persuasion-written'] as const;
const [BY_DEFAULT] = SCENARIOS;
const PARTS = ['rephrasePrompt', 'userStart', 'assistantStart'] as const;

const SCENARIO: Choice = {
  parameter: 'scenario',
  byDefault: BY_DEFAULT,
  texts: Object.fromEntries(SCENARIOS.map((scenario) => [scenario, textsOfParts(scenario)])),
};

/**
 * An attacker model puts the objective into the words of a scenario, and the target is made to have agreed to play along: PyRIT's RolePlayAttack with
 * its scenarios (0.9: RolePlayOrchestrator).
 */
export const rolePlay = singleTurn({
  name: 'role-play',
  title: 'Role play',
  description:
    'A model rewrites the prompt as a part of a scenario. What is sent, converted, follows two turns that are made up, in which the target agrees ' +
    'to play its part.',
  properties: {
    scenario: { enum: SCENARIOS, default: BY_DEFAULT, description: 'The scenario.' },
    rephrasePrompt: textParameter(
      'How the attacker is told to rewrite the prompt, and to answer with {"prompt": "…"}. The default goes with the scenario.',
      ['objective'],
    ),
    userStart: textParameter('The first turn that is made up: what the target is asked to play. The default goes with the scenario.'),
    assistantStart: textParameter('The second turn that is made up: how the target agreed. The default goes with the scenario.'),
  },
  allOf: defaultsOf(SCENARIO),
  needsAttacker: true,
  requests: () => ({ target: 1, attacker: MAX_TRIES }),
  create: (parameters) => {
    const { rephrasePrompt, userStart, assistantStart } = parameters as unknown as RolePlayParameters;
    checkChoice(SCENARIO, parameters);
    checkTemplate('rephrasePrompt', rephrasePrompt, ['objective'], ['objective']);
    checkTemplate('userStart', userStart, []);
    checkTemplate('assistantStart', assistantStart, []);
    const start = [
      { role: 'user', content: userStart },
      { role: 'assistant', content: assistantStart },
    ] as const;
    return async (objective, ports, branch) => {
      const attacker = new Thread(ports, 'attacker', branch);
      const told = fill(rephrasePrompt, { objective });
      const { prompt } = await writtenJson(attacker, told, (object) => textsOf(object, ['prompt']), '{"prompt": "…"}');
      return new Thread(ports, 'target', branch, start).say(prompt);
    };
  },
});

function textsOfParts(scenario: string): Readonly<Record<string, string>> {
  const parts = readParts(`role-play/${scenario}`, PARTS);
  return Object.fromEntries(PARTS.map((part) => [part, parts[part].text]));
}
