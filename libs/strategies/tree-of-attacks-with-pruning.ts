import type { StrategyType } from '#core';
import { AttackTree, PROMPT_FORM, treeCost, type TreeShape } from './attack-tree.js';
import { objective, successThreshold } from './objective.js';
import { ON_TOPIC_FORM } from './on-topic.js';
import { desiredResponsePrefix } from './response-prefix.js';
import { checkTemplate, fill, readTemplate, templateParameter } from './template.js';

interface TreeParameters extends TreeShape {
  readonly onTopicChecking: boolean;
  readonly desiredResponsePrefix: string;
  readonly successThreshold: number;
  readonly attackerPrompt: string;
  readonly onTopicPrompt: string;
}

const PLACES = ['objective', 'desiredResponsePrefix'];
const TEMPLATE = readTemplate('tree-of-attacks-with-pruning');
const ON_TOPIC_PLACES = ['objective'];
const ON_TOPIC_TEMPLATE = readTemplate('on-topic');

/**
 * Tree of Attacks with Pruning (Mehrotra et al. 2023, arXiv 2312.02119; PyRIT's TreeOfAttacksWithPruningAttack): like PAIR, but each prompt that was
 * kept is followed by several; what no longer asks for the objective is dropped before it is sent (phase 1), and of what was answered the best are
 * kept (phase 2).
 *
 * As in the paper, every prompt is sent alone; PyRIT's target remembers the earlier ones of its branch. As in PyRIT, the first depth has `width`
 * prompts (the paper: `branchingFactor`), and width 3, depth 5, branching factor 2 are the defaults (the paper: 10, 10, 4). Of equal scores the
 * earlier is kept; the authors' program draws lots. A branch that fails is pruned. What it ends with is the best of all depths.
 */
export const treeOfAttacksWithPruning: StrategyType = {
  name: 'tree-of-attacks-with-pruning',
  title: 'Tree of attacks with pruning (TAP)',
  description:
    'A model writes prompts, several to follow each of the best so far, without those that are off topic, until the objective is reached.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      width: {
        type: 'integer',
        minimum: 1,
        maximum: 20,
        default: 3,
        description: 'How many prompts there are at the first depth, and how many are kept of each.',
      },
      depth: {
        type: 'integer',
        minimum: 1,
        maximum: 20,
        default: 5,
        description: 'How often prompts are improved, the first time included.',
      },
      branchingFactor: { type: 'integer', minimum: 1, maximum: 10, default: 2, description: 'How many prompts follow each that was kept.' },
      onTopicChecking: {
        type: 'boolean',
        default: true,
        description: 'Whether the attacker model is asked if a prompt still asks for the objective. What does not is not sent.',
      },
      desiredResponsePrefix: desiredResponsePrefix(),
      successThreshold: successThreshold(0.8),
      attackerPrompt: templateParameter(TEMPLATE, `The system prompt of the attacker, which has to ask for ${PROMPT_FORM}.`, PLACES),
      onTopicPrompt: templateParameter(
        ON_TOPIC_TEMPLATE,
        `The system prompt by which the topic is checked, which has to ask for ${ON_TOPIC_FORM}.`,
        ON_TOPIC_PLACES,
      ),
    },
  },
  needsAttacker: true,
  judges: [objective(true)],
  cost: (parameters) => {
    const chosen = parameters as unknown as TreeParameters;
    return treeCost(chosen, chosen.onTopicChecking);
  },
  create: (parameters) => {
    const chosen = parameters as unknown as TreeParameters;
    checkTemplate('attackerPrompt', chosen.attackerPrompt, PLACES);
    checkTemplate('onTopicPrompt', chosen.onTopicPrompt, ON_TOPIC_PLACES);
    return (goal, ports) => {
      const attacker = fill(chosen.attackerPrompt, { objective: goal, desiredResponsePrefix: chosen.desiredResponsePrefix });
      const onTopic = chosen.onTopicChecking ? fill(chosen.onTopicPrompt, { objective: goal }) : null;
      return new AttackTree(ports, chosen, { attacker: () => attacker, onTopic }).search(chosen.successThreshold);
    };
  },
};
