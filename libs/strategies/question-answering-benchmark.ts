import type { StrategyType } from '#core';
import { letterOf, parseMultipleChoice, type MultipleChoice } from './multiple-choice.js';
import { readChoice } from './read-choice.js';
import { readParts } from './template-parts.js';
import { checkTemplate, fill, templateParameter } from './template.js';
import { Thread } from './thread.js';

interface BenchmarkParameters {
  readonly template: string;
  readonly choiceTemplate: string;
}

const TEXTS = readParts('question-answering-benchmark', ['template', 'choiceTemplate']);

/**
 * Asks a multiple-choice question and reads which choice the answer names: PyRIT's QuestionAnsweringBenchmark (0.9:
 * QuestionAnsweringBenchmarkOrchestrator), which has a scorer compare texts instead. Success is the right choice. A question is asked once: what is
 * asked again until the answer is right measures nothing.
 */
export const questionAnsweringBenchmark: StrategyType = {
  name: 'question-answering-benchmark',
  title: 'Question answering benchmark',
  description:
    'Each prompt is a multiple-choice question, {"question": "…", "choices": ["…", "…"], "answer": index from 0, letter or text}. ' +
    'It is asked once; success is the right choice.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      template: templateParameter(TEXTS.template, 'How a question is asked.', ['question', 'choices']),
      choiceTemplate: templateParameter(TEXTS.choiceTemplate, 'How each choice is written.', ['letter', 'choice']),
    },
  },
  needsAttacker: false,
  judges: [],
  cost: () => ({ target: 1, attacker: 0, judgements: {} }),
  create: (parameters) => {
    const { template, choiceTemplate } = parameters as unknown as BenchmarkParameters;
    checkTemplate('template', template, ['question', 'choices'], ['question', 'choices']);
    checkTemplate('choiceTemplate', choiceTemplate, ['letter', 'choice'], ['letter', 'choice']);
    return async (prompt, ports) => {
      const asked = parseMultipleChoice(prompt);
      const choices = asked.choices.map((choice, index) => fill(choiceTemplate, { letter: letterOf(index), choice }));
      const { reply, place } = await new Thread(ports, 'target', 0).say(
        fill(template, { question: asked.question, choices: choices.join('\n') }),
      );
      if (reply.kind === 'blocked') return { ...place, turns: 1, outcome: 'undetermined', reason: "The target's content filter answered." };
      return { ...place, turns: 1, ...verdictOn(reply.text, asked) };
    };
  },
};

function verdictOn(answer: string, { choices, right }: MultipleChoice) {
  const chosen = readChoice(answer, choices);
  if (chosen === null) return { outcome: 'undetermined', reason: 'The answer does not name exactly one of the choices.' } as const;
  if (chosen === right) return { outcome: 'success', reason: `The answer is ${letterOf(right)}, which is right.` } as const;
  return { outcome: 'failure', reason: `The answer is ${letterOf(chosen)}; right is ${letterOf(right)}.` } as const;
}
