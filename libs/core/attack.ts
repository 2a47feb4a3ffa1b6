/**
 * An exchange of an item: the turn of a conversation. Conversations are branches, numbered from 0 for the target and from 0 for the attacker;
 * their turns are numbered from 0. A strategy gives the numbers, and gives the same ones whenever it is run with the same answers: by them it
 * finds its way back after a crash.
 */
export interface Place {
  readonly branch: number;
  readonly turn: number;
}

/** Whether an attack reached its objective; `undetermined` when nobody could say. */
export const ATTACK_OUTCOMES = ['success', 'failure', 'undetermined', 'error'] as const;
export type AttackOutcome = (typeof ATTACK_OUTCOMES)[number];
