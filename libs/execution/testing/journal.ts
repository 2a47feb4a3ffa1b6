import {
  ITEM_STATES,
  type AttemptPurpose,
  type Coverage,
  type ExecutionEvent,
  type Item,
  type ItemProgress,
  type ItemState,
  type PastAttempt,
  type PastScore,
} from '#core';

/** A memory of one execution: what an array can hold of what a store does. What is in it is acknowledged. */
export class Journal {
  readonly events: ExecutionEvent[] = [];
  readonly #byItem = new Map<string, ExecutionEvent[]>();
  batches = 0;

  /** Remembers batch after batch. `before` stands for the disk: it may take its time, or fail. */
  async keep(
    run: AsyncIterable<ExecutionEvent[]>,
    before: (batch: ExecutionEvent[]) => Promise<void> | void = () => undefined,
  ): Promise<void> {
    for await (const batch of run) {
      await before(batch);
      this.remember(batch);
    }
  }

  remember(batch: readonly ExecutionEvent[]): void {
    this.batches += 1;
    for (const event of batch) {
      this.events.push(event);
      const list = this.#byItem.get(event.itemId);
      if (list) list.push(event);
      else this.#byItem.set(event.itemId, [event]);
    }
  }

  of(itemId: string): readonly ExecutionEvent[] {
    return this.#byItem.get(itemId) ?? [];
  }

  /** The events of one kind, of one item or of all. */
  all<K extends ExecutionEvent['kind']>(kind: K, itemId?: string): Extract<ExecutionEvent, { kind: K }>[] {
    const events = itemId === undefined ? this.events : this.of(itemId);
    return events.filter((event): event is Extract<ExecutionEvent, { kind: K }> => event.kind === kind);
  }

  /** The kinds of an item's events in order, with the state for the last: what became of it, in one line. */
  story(itemId: string): string {
    const words = this.of(itemId).map((event) => {
      if (event.kind === 'attempt-intended') return `${event.purpose}#${event.retry}`;
      if (event.kind === 'attempt-failed') return event.fault;
      if (event.kind === 'item-settled') return `=${event.state}`;
      return event.kind.replace(/^(attempt|item)-/, '');
    });
    return words.join(' ');
  }

  stateOf(itemId: string): ItemState {
    return this.all('item-settled', itemId).at(-1)?.state ?? 'open';
  }

  /** The ids of the attempts for `purpose` of which nothing is known but the intent. */
  unresolved(itemId: string, purpose: AttemptPurpose = 'target'): string[] {
    const resolved = new Set(this.of(itemId).flatMap((event) => (isResult(event) ? [event.attemptId] : [])));
    return this.all('attempt-intended', itemId)
      .filter((intent) => intent.purpose === purpose && !resolved.has(intent.attemptId))
      .map((intent) => intent.attemptId);
  }

  coverage(items: readonly Item[]): Coverage {
    const counts = Object.fromEntries(ITEM_STATES.map((state) => [state, 0])) as Record<ItemState, number>;
    for (const item of items) counts[this.stateOf(item.id)] += 1;
    return { planned: items.length, ...counts };
  }

  /** Where the open items stand, as a store tells the engine after a restart. */
  progress(items: readonly Item[]): ItemProgress[] {
    return items
      .filter((item) => this.stateOf(item.id) === 'open')
      .map((item) => ({ item, attempts: this.#attempts(item.id), scores: this.#scores(item.id), stored: null }));
  }

  #attempts(itemId: string): PastAttempt[] {
    const results = new Map(this.of(itemId).flatMap((event) => (isResult(event) ? [[event.attemptId, event] as const] : [])));
    return this.all('attempt-intended', itemId).map(({ attemptId, purpose, branch, turn }) => {
      const result = results.get(attemptId);
      const answer = result?.kind === 'attempt-answered' ? result : null;
      const failure = result?.kind === 'attempt-failed' ? result : null;
      return {
        attemptId,
        purpose,
        branch,
        turn,
        state: answer ? 'answered' : failure ? 'failed' : result ? 'lost' : 'open',
        blocked: answer?.blocked ?? false,
        latencyMs: answer?.latencyMs ?? failure?.latencyMs ?? 0,
        finishReason: answer?.finishReason ?? null,
        usage: answer?.usage ?? null,
        fault: failure?.fault ?? null,
        detail: failure?.detail ?? null,
        exchange: answer?.exchange ?? null,
      };
    });
  }

  #scores(itemId: string): PastScore[] {
    return this.all('item-scored', itemId).map(({ messageId, scoringRunId, scorer, score }) => ({
      messageId,
      scoringRunId,
      scorerId: scorer.id,
      scorerVersion: scorer.version,
      score,
    }));
  }
}

function isResult(
  event: ExecutionEvent,
): event is Extract<ExecutionEvent, { kind: 'attempt-answered' | 'attempt-failed' | 'attempt-lost' }> {
  return event.kind === 'attempt-answered' || event.kind === 'attempt-failed' || event.kind === 'attempt-lost';
}
