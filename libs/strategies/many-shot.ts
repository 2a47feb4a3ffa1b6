import { examplesParameter, type Example } from './examples.js';
import { singleTurn } from './single-turn.js';
import { readParts } from './template-parts.js';
import { checkTemplate, fill, templateParameter } from './template.js';
import { Thread } from './thread.js';

interface ManyShotParameters {
  readonly exampleCount: number;
  readonly examples: readonly Example[];
  readonly template: string;
  readonly exampleTemplate: string;
}

const TEXTS = readParts('many-shot', ['template', 'exampleTemplate']);

/**
 * The prompt stands at the end of many made-up exchanges in which an assistant complied: Many-shot Jailbreaking (Anil et al. 2024, NeurIPS), PyRIT's
 * ManyShotJailbreakAttack.
 */
export const manyShot = singleTurn({
  name: 'many-shot',
  title: 'Many-shot jailbreaking',
  description: 'Sends the prompt, in one message, after many examples of an assistant that answered what it should rather have refused.',
  properties: {
    exampleCount: {
      type: 'integer',
      minimum: 1,
      maximum: 512,
      default: 100,
      description:
        'How many examples at most, from the first on. The more there are, the stronger the attack, as far as the context reaches.',
    },
    examples: examplesParameter('The examples.'),
    template: templateParameter(TEXTS.template, 'What is said.', ['examples', 'objective']),
    exampleTemplate: templateParameter(TEXTS.exampleTemplate, 'How each example is written.', ['question', 'answer']),
  },
  needsAttacker: false,
  requests: () => ({ target: 1, attacker: 0 }),
  create: (parameters) => {
    const { exampleCount, examples, template, exampleTemplate } = parameters as unknown as ManyShotParameters;
    checkTemplate('template', template, ['examples', 'objective'], ['examples', 'objective']);
    checkTemplate('exampleTemplate', exampleTemplate, ['question', 'answer'], ['question', 'answer']);
    const shots = examples.slice(0, exampleCount).map(({ question, answer }) => fill(exampleTemplate, { question, answer }));
    return (objective, ports, branch) =>
      new Thread(ports, 'target', branch).say(fill(template, { examples: shots.join('\n\n'), objective }));
  },
});
