import type { AttemptPurpose, ItemProgress, PastAttempt, Place, ScoreValue } from '#core';

type Answered = PastAttempt & { readonly exchange: NonNullable<PastAttempt['exchange']> };

/** What the journal has of an item, by place. */
export class Past {
  readonly #attempts: readonly PastAttempt[];

  constructor(private readonly progress: ItemProgress) {
    this.#attempts = progress.attempts;
  }

  /** The ids of the attempts of which nobody knows what came of them. */
  get unresolved(): string[] {
    return this.#attempts.filter(({ state }) => state === 'open').map(({ attemptId }) => attemptId);
  }

  /** Whether a request to the target may have arrived whose answer, if there was one, is lost. */
  get targetInFlight(): boolean {
    return this.#attempts.some((attempt) => attempt.purpose === 'target' && attempt.state === 'open' && !this.answer('target', attempt));
  }

  /** How many attempts were made at a place. */
  tries(purpose: AttemptPurpose, place: Place): number {
    return this.#at(purpose, place).length;
  }

  /** The answer that stands at a place. */
  answer(purpose: AttemptPurpose, place: Place): Answered | null {
    return this.#at(purpose, place).findLast(isAnswered) ?? null;
  }

  /** The failure by which a place was given up: the item went on at another one afterwards. */
  failure(purpose: AttemptPurpose, place: Place): PastAttempt | null {
    const last = this.#at(purpose, place).at(-1);
    return last?.state === 'failed' && last !== this.#attempts.at(-1) ? last : null;
  }

  /** Whether a judge was asked at these turns and came to no score: the item went on without one. */
  judgedInVain(branch: number, firstTurn: number, turns: number): boolean {
    const last = this.#attempts.findLastIndex(
      (attempt) =>
        attempt.purpose === 'judge' && attempt.branch === branch && attempt.turn >= firstTurn && attempt.turn < firstTurn + turns,
    );
    return last >= 0 && last < this.#attempts.length - 1;
  }

  /** What a scorer of that version said of a message in a scoring run. */
  score(messageId: string, scorer: { readonly id: string | null; readonly version: string }, scoringRunId: string): ScoreValue | null {
    const found = this.progress.scores.find(
      (score) =>
        score.messageId === messageId &&
        score.scoringRunId === scoringRunId &&
        score.scorerId === scorer.id &&
        score.scorerVersion === scorer.version,
    );
    return found?.score ?? null;
  }

  #at(purpose: AttemptPurpose, { branch, turn }: Place): readonly PastAttempt[] {
    if (this.#attempts.length === 0) return this.#attempts;
    return this.#attempts.filter((attempt) => attempt.purpose === purpose && attempt.branch === branch && attempt.turn === turn);
  }
}

function isAnswered(attempt: PastAttempt): attempt is Answered {
  return attempt.state === 'answered' && attempt.exchange !== null;
}
