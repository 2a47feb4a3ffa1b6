import { singleTurn } from './single-turn.js';
import { readParts } from './template-parts.js';
import { checkTemplate, templateParameter } from './template.js';
import { Thread } from './thread.js';

interface SkeletonKeyParameters {
  readonly askForAcceptance: boolean;
  readonly skeletonKeyPrompt: string;
  readonly skeletonKeyAcceptance: string;
}

const TEXTS = readParts('skeleton-key', ['skeletonKeyPrompt', 'skeletonKeyAcceptance']);
const BLOCKED = "The target's content filter answered the skeleton key, so the prompt was not sent.";

/**
 * The target is first talked into other guidelines, then asked, in one conversation: Skeleton Key (Microsoft, June 2024), PyRIT's SkeletonKeyAttack
 * (0.9: SkeletonKeyOrchestrator). A key that the target refuses in words does not end the attempt, since nobody judges that; a key that its content
 * filter blocks does, as a filter would stop the second request, which repeats it. As in later versions of PyRIT, the exchange about the key can
 * be made up.
 */
export const skeletonKey = singleTurn({
  name: 'skeleton-key',
  title: 'Skeleton key',
  description:
    'Asks the target to adopt guidelines under which it warns instead of refusing, then sends the prompt in the same conversation. ' +
    'Both go through the converters.',
  properties: {
    askForAcceptance: {
      type: 'boolean',
      default: true,
      description:
        'Whether the key is sent and the target answers it itself. Otherwise its acceptance is made up, and stands with the key before the prompt.',
    },
    skeletonKeyPrompt: templateParameter(TEXTS.skeletonKeyPrompt, 'The key: what the target is asked to adopt.'),
    skeletonKeyAcceptance: templateParameter(
      TEXTS.skeletonKeyAcceptance,
      'What the target is made to have answered to the key, when it is not asked for its acceptance.',
    ),
  },
  needsAttacker: false,
  requests: (parameters) => ({ target: (parameters as unknown as SkeletonKeyParameters).askForAcceptance ? 2 : 1, attacker: 0 }),
  create: (parameters) => {
    const { askForAcceptance, skeletonKeyPrompt, skeletonKeyAcceptance } = parameters as unknown as SkeletonKeyParameters;
    checkTemplate('skeletonKeyPrompt', skeletonKeyPrompt, []);
    checkTemplate('skeletonKeyAcceptance', skeletonKeyAcceptance, []);
    const exchange = [
      { role: 'user', content: skeletonKeyPrompt },
      { role: 'assistant', content: skeletonKeyAcceptance },
    ] as const;
    return async (objective, ports, branch) => {
      if (!askForAcceptance) return new Thread(ports, 'target', branch, exchange).say(objective);
      const target = new Thread(ports, 'target', branch);
      const key = await target.say(skeletonKeyPrompt);
      return key.reply.kind === 'blocked' ? { ...key, reason: BLOCKED } : target.say(objective);
    };
  },
});
