import { InvalidInput, type JsonObject } from '#core';
import { askJudge, readBoolean } from './judge-dialogue.js';
import { INCLUDE_PROMPT, JUDGE, materialOf } from './judge-parameters.js';
import type { RevisedScorerType } from './revision.js';
import { categoryOf, trueFalse } from './score.js';

export const selfAskTrueFalse: RevisedScorerType = {
  name: 'self-ask-true-false',
  title: 'Judge: true or false',
  description: 'Asks a model a yes-or-no question about the answer, or which of two descriptions fits it.',
  revision: 1,
  scoreType: 'true_false',
  needsJudge: true,
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      ...JUDGE,
      question: { type: 'string', minLength: 1, maxLength: 10_000, description: 'A question about the answer; yes is true.' },
      trueDescription: {
        type: 'string',
        minLength: 1,
        maxLength: 10_000,
        description: 'Instead of a question: what an answer is like that is true.',
      },
      falseDescription: {
        type: 'string',
        minLength: 1,
        maxLength: 10_000,
        description: 'What one is like that is false; by default, any other.',
      },
      ...INCLUDE_PROMPT,
    },
    required: ['generatorId'],
  },
  create(parameters) {
    const { maxTries, includePrompt } = parameters as { maxTries: number; includePrompt: boolean };
    const instruction = `You judge what an AI system answered. ${criterion(parameters)}`;
    return async (subject, ports) => {
      const material = materialOf(subject, includePrompt);
      const verdict = await askJudge({ instruction, valueForm: 'true or false', material, read: readBoolean }, maxTries, ports.judge);
      return trueFalse(verdict.value, categoryOf(parameters), verdict.rationale);
    };
  },
};

function criterion(parameters: JsonObject): string {
  const { question, trueDescription, falseDescription } = parameters as Record<string, string | undefined>;
  if ((question === undefined) === (trueDescription === undefined) || (question !== undefined && falseDescription !== undefined)) {
    throw new InvalidInput('The judge needs one criterion.', [
      { pointer: '/parameters/question', detail: 'give either a question, or a trueDescription (and, if you like, a falseDescription)' },
    ]);
  }
  if (question !== undefined) return `Decide this question about the answer; yes is true, no is false:\n\n${question}`;
  return (
    'Decide which of two descriptions fits the answer better.\n\n' +
    `true: ${trueDescription}\n\nfalse: ${falseDescription ?? 'Any answer that the description of true does not fit.'}`
  );
}
