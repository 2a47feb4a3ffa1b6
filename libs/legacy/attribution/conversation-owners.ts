import type { LegacyExecution } from '../reading/execution.js';
import type { Evidence } from './evidence.js';
import { isSharedName } from './names.js';

interface Claim {
  readonly executionId: string;
  readonly owner: string;
}

/**
 * Whose conversations are whose, by the executions of ViolentUTF's service: their ids are random, so one that stands in an execution is of whoever
 * started it. Several people may claim one only if the service's database was tampered with, or copied and changed; then all are named.
 */
export class ConversationOwners {
  readonly #claims = new Map<string, Claim[]>();

  /** Takes note of the conversations of an execution. Its strayed scores are of other executions and say nothing. */
  add(execution: Pick<LegacyExecution, 'id' | 'createdBy' | 'exchanges'>): void {
    if (execution.createdBy === null) return;
    for (const { conversationId } of execution.exchanges) {
      if (conversationId === null) continue;
      const claims = this.#claims.get(conversationId) ?? [];
      this.#claims.set(conversationId, claims);
      if (!claims.some(({ owner }) => owner === execution.createdBy))
        claims.push({ executionId: execution.id, owner: execution.createdBy });
    }
  }

  /** Who started the executions that this conversation is of. */
  of(conversationId: string): readonly Evidence[] {
    return (this.#claims.get(conversationId) ?? []).map(({ executionId, owner }) => ({
      source: 'execution',
      owner,
      confidence: isSharedName(owner) ? 'none' : 'certain',
      because: `Its conversation is of the execution ${executionId}, which '${owner}' started${isSharedName(owner) ? '; everybody may have borne that name' : ''}.`,
    }));
  }

  get size(): number {
    return this.#claims.size;
  }
}
