/** What must hold, with what was seen when it did not. Only the first evidence of each is kept. */
export class Findings {
  readonly #claims = new Map<string, { checks: number; evidence: string | null }>();

  /** @param evidence is asked only when the claim does not hold. */
  check(claim: string, holds: boolean, evidence: () => unknown): void {
    const found = this.#claims.get(claim) ?? { checks: 0, evidence: null };
    this.#claims.set(claim, found);
    found.checks += 1;
    if (!holds) found.evidence ??= JSON.stringify(evidence());
  }

  get allHold(): boolean {
    return [...this.#claims.values()].every(({ evidence }) => evidence === null);
  }

  /** A line for each claim. */
  lines(): string[] {
    return [...this.#claims].map(([claim, { checks, evidence }]) =>
      evidence === null ? `holds (${checks} ×)  ${claim}` : `DOES NOT HOLD  ${claim}\n    ${evidence}`,
    );
  }
}
