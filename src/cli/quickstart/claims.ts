import { ITEM_STATES } from '#core';
import type { ExecutionDto } from '../../executions/execution.dto.js';
import type { Campaign } from './campaign.js';
import type { Me } from './memory-files.js';
import type { Outcome } from './outcome.js';

/** What was seen of a run, beside its outcome. */
export interface Evidence {
  readonly campaign: Campaign;
  readonly execution: ExecutionDto;
  /** Before the restart, and at the end. */
  readonly before: Me;
  readonly after: Me;
  /** How often the practice target was asked; null for a real one, which may be asked again when it fails. */
  readonly requests: number | null;
}

/** A sentence for each thing that the quickstart shows and that is not so. None when all is well. */
export function brokenClaims(outcome: Outcome, { campaign, execution, before, after, requests }: Evidence): string[] {
  const { planned, open, scored, errored, skipped, cancelled, unknown } = outcome;
  const expected = campaign.prompts * campaign.chains;
  const sum = ITEM_STATES.reduce((total, state) => total + outcome[state], 0);
  const remembered = planned - errored - skipped - cancelled - unknown;
  const claims: readonly (readonly [holds: boolean, sentence: string])[] = [
    [execution.state === 'completed', `The execution ended as ${execution.state}: ${execution.reason ?? 'no reason was given'}`],
    [planned === expected, `${planned} prompts were planned instead of ${expected}.`],
    [sum === planned, `The states add up to ${sum} instead of ${planned}.`],
    [open === 0, `${open} prompts have not come to an end.`],
    [unknown === 0, `The outcome of ${unknown} prompts is unknown.`],
    [outcome.uniquePrompts === remembered, `${outcome.uniquePrompts} different prompts were read back instead of ${remembered}.`],
    [outcome.scores === scored * campaign.scorers, `${outcome.scores} scores were read back instead of ${scored * campaign.scorers}.`],
    [totalOf(outcome) === outcome.scores, `The summary counts ${totalOf(outcome)} scores, but ${outcome.scores} were read back.`],
    [outcome.restarts === 1, `The server was restarted ${outcome.restarts} times instead of once.`],
    [outcome.databaseFiles === 1, `${outcome.databaseFiles} files hold this memory instead of one.`],
    [isSameMemory(before, after), 'The memory after the restart is not the one from before.'],
    [requests === null || requests === planned, `The target was asked ${requests} times for ${planned} prompts.`],
    [requests === null || errored === 0, `${errored} prompts ended in an error, although the practice target makes none.`],
  ];
  return claims.filter(([holds]) => !holds).map(([, sentence]) => sentence);
}

function totalOf({ byScorer }: Outcome): number {
  return byScorer.reduce((total, { scores }) => total + scores, 0);
}

function isSameMemory(before: Me, after: Me): boolean {
  const { storeId, location } = before.store ?? {};
  return storeId !== undefined && before.userId === after.userId && storeId === after.store?.storeId && location === after.store.location;
}
