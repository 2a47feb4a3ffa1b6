import { checkChoice, defaultsOf, type Choice } from './choice.js';
import { flipCharsInSentence, flipCharsInWord, flipWordOrder } from './flip.js';
import { singleTurn } from './single-turn.js';
import { readParts } from './template-parts.js';
import { checkTemplate, fill, templateParameter, textParameter } from './template.js';
import { Thread } from './thread.js';

type Rule = 'flip-word-order' | 'flip-chars-in-word' | 'flip-chars-in-sentence';

interface FlipAttackParameters {
  readonly mode: Rule | 'fool-model-mode';
  readonly readingRule: string;
  readonly systemPrompt: string;
  readonly prompt: string;
}

const TEXTS = readParts('flip-attack', ['systemPrompt', 'prompt', 'flip-word-order', 'flip-chars-in-word', 'flip-chars-in-sentence']);

/** How each mode flips, and which rule the target is told. The last tells it a wrong one: the model is to find out for itself. */
const MODES: Readonly<Record<FlipAttackParameters['mode'], { readonly flip: (text: string) => string; readonly rule: Rule }>> = {
  'flip-word-order': { flip: flipWordOrder, rule: 'flip-word-order' },
  'flip-chars-in-word': { flip: flipCharsInWord, rule: 'flip-chars-in-word' },
  'flip-chars-in-sentence': { flip: flipCharsInSentence, rule: 'flip-chars-in-sentence' },
  'fool-model-mode': { flip: flipCharsInSentence, rule: 'flip-word-order' },
};

const RULE: Choice = {
  parameter: 'mode',
  byDefault: 'flip-chars-in-sentence',
  texts: Object.fromEntries(Object.entries(MODES).map(([mode, { rule }]) => [mode, { readingRule: TEXTS[rule].text }])),
};

/**
 * The prompt is written backwards, and a system prompt says how to read it: FlipAttack with its four flipping modes (Liu et al. 2024, arXiv
 * 2410.02832), PyRIT's FlipAttack.
 */
export const flipAttack = singleTurn({
  name: 'flip-attack',
  title: 'Flip attack',
  description:
    'Writes the prompt backwards, before converters, and tells the target in a system prompt how to read it and that it is to be carried out.',
  properties: {
    mode: {
      enum: Object.keys(MODES),
      default: RULE.byDefault,
      description:
        'What is reversed: the order of the words, the characters of each word, or the characters of the whole text. ' +
        'fool-model-mode reverses the characters of the whole text, but says that it was the order of the words.',
    },
    readingRule: textParameter('How the target is told to read the task. The default goes with the mode.'),
    systemPrompt: templateParameter(TEXTS.systemPrompt, 'The system prompt of the target.', ['rule']),
    prompt: templateParameter(TEXTS.prompt, 'What is said, with the flipped prompt in it.', ['flipped']),
  },
  allOf: defaultsOf(RULE),
  needsAttacker: false,
  requests: () => ({ target: 1, attacker: 0 }),
  create: (parameters) => {
    const { mode, readingRule, systemPrompt, prompt } = parameters as unknown as FlipAttackParameters;
    checkChoice(RULE, parameters);
    checkTemplate('readingRule', readingRule, []);
    checkTemplate('systemPrompt', systemPrompt, ['rule']);
    checkTemplate('prompt', prompt, ['flipped'], ['flipped']);
    const system = { role: 'system', content: fill(systemPrompt, { rule: readingRule }) } as const;
    return (objective, ports, branch) =>
      new Thread(ports, 'target', branch, [system]).say(fill(prompt, { flipped: MODES[mode].flip(objective) }));
  },
});
