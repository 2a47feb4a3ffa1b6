import { seededRandom, sha256 } from '#core';
import { OpenAiTarget, type Behaviour, type TargetRequest } from '../targets/openai-target.ts';
import { mischiefOf } from './mischief.ts';

/** The model that judges; any other is the one under test. */
export const JUDGE = 'judge';

const MARK = /«([0-9a-f]{20})»/;

/** Short and, among the prompts of one run, as good as unique. */
export function markOf(content: string): string {
  return sha256(content).slice(0, 20);
}

/** What the target answers to a content, whenever it answers it. */
export function answerTo(content: string): string {
  return `You said «${markOf(content)}», and I have nothing to add.`;
}

/**
 * A model and its judge on a real socket. Both misbehave by a schedule that depends on the seed, the content and how often it came, and count
 * every request that reached them whole.
 */
export class TortureTarget implements AsyncDisposable {
  /** What went wrong on purpose, and how often. */
  readonly mischief = new Map<string, number>();
  /** Added to every answer, in milliseconds. May be changed at any time. */
  extraDelayMs = 0;
  readonly #seed: string | null;
  /** By the mark of what was sent: of a prompt as it was converted, and of the answer that a judge was shown. */
  readonly #prompts = new Map<string, number>();
  readonly #verdicts = new Map<string, number>();
  #server: OpenAiTarget;

  private constructor(seed: string | null) {
    this.#seed = seed;
  }

  /** @param seed of the mischief; null for a target that behaves. */
  static async start(seed: string | null): Promise<TortureTarget> {
    const target = new TortureTarget(seed);
    target.#server = await OpenAiTarget.start((request) => target.#behave(request));
    return target;
  }

  get baseUrl(): string {
    return this.#server.baseUrl;
  }

  /** Of either kind. */
  get requests(): number {
    return this.#server.requests;
  }

  /** How often a prompt came, as it was converted. */
  arrivals(content: string): number {
    return this.#prompts.get(markOf(content)) ?? 0;
  }

  /** How often a judge was asked about the answer to that content, corrections included. */
  judgements(content: string): number {
    return this.#verdicts.get(markOf(content)) ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }

  #behave({ body, content }: TargetRequest): Behaviour {
    const judging = body?.['model'] === JUDGE;
    const mark = judging ? (MARK.exec(JSON.stringify(body['messages']))?.[1] ?? '') : markOf(content);
    const counts = judging ? this.#verdicts : this.#prompts;
    const count = (counts.get(mark) ?? 0) + 1;
    counts.set(mark, count);
    const delayMs = 5 + seededRandom(`${mark}/${count}`).integer(40) + this.extraDelayMs;
    const mischief = this.#seed === null ? null : mischiefOf(this.#seed, judging ? `judge ${mark}` : mark);
    const reply = judging ? verdictOn(mark, count) : answerTo(content);
    if (!mischief || count > mischief.times) return { delayMs, reply };
    this.mischief.set(mischief.kind, (this.mischief.get(mischief.kind) ?? 0) + 1);
    return { delayMs, reply, ...mischief.behaviour(Date.now()) };
  }
}

/** One judge in eight can't be read at first, and is asked again in the same conversation. */
function verdictOn(mark: string, count: number): string {
  const readable = count > 1 || Number.parseInt(mark.slice(0, 4), 16) % 8 > 0;
  return readable ? '{"rationale": "It adds nothing.", "value": false}' : 'I would rather not say.';
}
