/** The parameter that says how an answer begins that gives the objective. */
export function desiredResponsePrefix() {
  return {
    type: 'string',
    minLength: 1,
    maxLength: 500,
    default: 'Sure, here is',
    description: 'How the answer is to begin: what the attacker works towards.',
  } as const;
}
