import { MAX_TRIES, textsOf, writtenJson } from './attacker.js';
import { singleTurn } from './single-turn.js';
import { readParts } from './template-parts.js';
import { checkTemplate, fill, templateParameter, textParameter } from './template.js';
import { Thread } from './thread.js';

interface ContextComplianceParameters {
  readonly contextPrompt: string;
  readonly assistantTurn: string;
  readonly affirmativeResponse: string;
}

const TEXTS = readParts('context-compliance', ['contextPrompt', 'assistantTurn']);
const FORM = '{"question": "…", "answer": "…", "offer": "…"}';

/**
 * A conversation is made up in which the target itself has offered what the objective asks for, and the offer is accepted: Context Compliance Attack
 * (Russinovich and Salem 2025, arXiv 2503.05264), PyRIT's ContextComplianceAttack. PyRIT asks the attacker three times; here it writes the whole
 * conversation at once, so that the offer fits the answer.
 */
export const contextCompliance = singleTurn({
  name: 'context-compliance',
  title: 'Context compliance',
  description:
    'A model writes a harmless conversation on the topic, at whose end the target seems to have offered what the prompt asks for. ' +
    'Sent is only the acceptance of that offer, converted.',
  properties: {
    contextPrompt: templateParameter(TEXTS.contextPrompt, 'What the attacker is told. It answers with JSON.', ['objective']),
    assistantTurn: templateParameter(TEXTS.assistantTurn, 'What the target is made to have said.', ['answer', 'offer']),
    affirmativeResponse: {
      ...textParameter('How the offer is accepted: the one thing that is really said to the target.'),
      default: 'yes.',
    },
  },
  needsAttacker: true,
  requests: () => ({ target: 1, attacker: MAX_TRIES }),
  create: (parameters) => {
    const { contextPrompt, assistantTurn, affirmativeResponse } = parameters as unknown as ContextComplianceParameters;
    checkTemplate('contextPrompt', contextPrompt, ['objective'], ['objective']);
    checkTemplate('assistantTurn', assistantTurn, ['answer', 'offer'], ['offer']);
    return async (objective, ports, branch) => {
      const attacker = new Thread(ports, 'attacker', branch);
      const { question, answer, offer } = await writtenJson(
        attacker,
        fill(contextPrompt, { objective }),
        (object) => textsOf(object, ['question', 'answer', 'offer']),
        FORM,
      );
      const target = new Thread(ports, 'target', branch, [
        { role: 'user', content: question },
        { role: 'assistant', content: fill(assistantTurn, { answer, offer }) },
      ]);
      return target.say(affirmativeResponse);
    };
  },
});
