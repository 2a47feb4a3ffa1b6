/** A promise that was not kept. */
export interface Violation {
  /** 0 before the first cycle and after the last. */
  readonly cycle: number;
  /** The invariant, in few words: equal for all that break the same one. */
  readonly invariant: string;
  readonly evidence: string;
}

const LONGEST_EVIDENCE = 2_000;

/** What was found broken, and how often it was looked for. */
export class Violations {
  /** Set by whoever runs the cycles. */
  cycle = 0;
  readonly found: Violation[] = [];
  readonly #checks = new Map<string, number>();

  /** How often each invariant was checked. */
  get checks(): ReadonlyMap<string, number> {
    return this.#checks;
  }

  /** Counts a check, and notes a violation when it does not hold. @param evidence is asked only then. */
  check(invariant: string, holds: boolean, evidence: () => unknown): void {
    this.#checks.set(invariant, (this.#checks.get(invariant) ?? 0) + 1);
    if (!holds) this.note(invariant, evidence());
  }

  note(invariant: string, evidence: unknown): void {
    const text = typeof evidence === 'string' ? evidence : JSON.stringify(evidence);
    this.found.push({ cycle: this.cycle, invariant, evidence: text.slice(0, LONGEST_EVIDENCE) });
  }
}
