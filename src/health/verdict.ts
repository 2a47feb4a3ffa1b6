export const HEALTH_STATES = ['healthy', 'warning', 'unhealthy'] as const;
/** `warning`: it works, and will not for long, or not for everybody. `unhealthy`: somebody is refused, or soon will be. */
export type HealthState = (typeof HEALTH_STATES)[number];

/** What was found of a part of the server: healthy, unless something speaks against it. Reasons are sentences for people. */
export class Verdict {
  #state: HealthState = 'healthy';
  readonly #reasons: string[] = [];

  get state(): HealthState {
    return this.#state;
  }

  get reasons(): readonly string[] {
    return this.#reasons;
  }

  warn(reason: string): void {
    if (this.#state === 'healthy') this.#state = 'warning';
    this.#reasons.push(reason);
  }

  fail(reason: string): void {
    this.#state = 'unhealthy';
    this.#reasons.push(reason);
  }
}

/** The worst of them; healthy when there is none. */
export function worstOf(states: Iterable<HealthState>): HealthState {
  let worst = 0;
  for (const state of states) worst = Math.max(worst, HEALTH_STATES.indexOf(state));
  return HEALTH_STATES[worst] ?? 'unhealthy';
}

const MB = 1024 * 1024;

export function megabytes(bytes: number): string {
  return `${Math.floor(bytes / MB)} MB`;
}
