import type { GeneratorReply, JudgeRole, Judgement, Place, StrategyPorts } from '#core';

/** The judgement that every attack is for. */
export function objective(required: boolean): JudgeRole {
  const when = required ? '' : ' Without one nobody says whether the objective was reached.';
  return {
    role: 'objective',
    required,
    description: `The scorer that says whether an answer reaches the objective: by true, or by a scale on which more is worse.${when}`,
  };
}

/** The parameter that says from which value of a scale on an objective is reached. */
export function successThreshold(byDefault: number) {
  return {
    type: 'number',
    minimum: 0.01,
    maximum: 1,
    default: byDefault,
    description: 'From which score on the objective is reached, where the scorer has a scale; true counts as 1.',
  } as const;
}

/** How far an answer reaches the objective. Null of a content filter's answer: that is not judged. @throws what `ports.judge` throws */
export async function judgementOf(ports: StrategyPorts, reply: GeneratorReply, place: Place): Promise<Judgement | null> {
  return reply.kind === 'blocked' ? null : ports.judge('objective', place);
}

/** Whether an answer reaches the objective. What a content filter answered does not. @throws what `ports.judge` throws */
export async function isReached(ports: StrategyPorts, reply: GeneratorReply, place: Place, threshold: number): Promise<boolean> {
  const judgement = await judgementOf(ports, reply, place);
  return judgement !== null && judgement.degree >= threshold;
}
