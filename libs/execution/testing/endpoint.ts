import { GeneratorError, type Clock, type Generator, type GeneratorLimits, type GeneratorReply, type GeneratorRequest } from '#core';

/** What an endpoint does with a request: null answers it. */
type Verdict = GeneratorError | null;

export const tooMany = new GeneratorError('rate-limited', 'The endpoint answered 429.', { status: 429 });
export const refused = new GeneratorError('unavailable', "The endpoint can't be reached (ECONNREFUSED).");

/** An endpoint on a clock: it answers after `latencyMs`, refuses at once, and counts. */
export class Endpoint implements Generator {
  readonly price = null;
  readonly limitKey = 'endpoint';
  readonly limits: GeneratorLimits;
  requests = 0;
  refusals = 0;
  onWire = 0;

  constructor(
    private readonly clock: Clock,
    private readonly latencyMs: number,
    private readonly judge: (endpoint: Endpoint, prompt: string) => Verdict,
    maxInFlight: number,
  ) {
    this.limits = { maxInFlight, requestsPerMinute: null, tokensPerMinute: null };
  }

  async generate({ messages, signal }: GeneratorRequest): Promise<GeneratorReply> {
    this.requests += 1;
    this.onWire += 1;
    const verdict = this.judge(this, messages.at(-1)?.content ?? '');
    try {
      await this.clock.sleep(verdict ? Math.min(1, this.latencyMs) : this.latencyMs, signal);
    } finally {
      this.onWire -= 1;
    }
    if (!verdict) return { kind: 'answered', text: 'hello', finishReason: 'stop', usage: null };
    this.refusals += 1;
    throw verdict;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Refuses what is more than so many at once. */
export function atOnce(most: number): (endpoint: Endpoint) => Verdict {
  return ({ onWire }) => (onWire > most ? tooMany : null);
}

/** Refuses what is more than so many in a second; a whole second's worth may come at once. */
export function perSecond(most: number, clock: Clock): () => Verdict {
  let level = most;
  let at = clock.now();
  return () => {
    const now = clock.now();
    level = Math.min(most, level + ((now - at) * most) / 1_000);
    at = now;
    if (level < 1) return tooMany;
    level -= 1;
    return null;
  };
}
