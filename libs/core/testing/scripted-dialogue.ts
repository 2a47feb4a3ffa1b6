import type { Place } from '../attack.js';
import { GeneratorError, type GeneratorReply } from '../generator.js';
import { seededRandom } from '../random.js';
import {
  JudgeFailed,
  NothingToSend,
  type Judgement,
  type Partner,
  type StrategyPorts,
  type StrategyReply,
  type StrategyRequest,
} from '../strategy.js';

/** What a partner answers: a text, a reply, an error, or whatever comes of the request. */
export type ScriptedAnswer =
  string | Partial<GeneratorReply> | Error | ((request: StrategyRequest) => string | Partial<GeneratorReply> | Error);

export interface DialogueScript {
  /** One by one; when they are used up, the last repeats. */
  readonly target: readonly ScriptedAnswer[];
  readonly attacker?: readonly ScriptedAnswer[];
  /** By role: true, false, a degree from 0 to 1, or an error, one by one; the last repeats. A role that is not there has no judge. */
  readonly judges?: Readonly<Record<string, readonly (boolean | number | Error)[]>>;
  readonly convert?: (text: string) => string;
}

/** The answer of a content filter. */
export const BLOCKED: ScriptedAnswer = { kind: 'blocked', text: '', finishReason: 'content_filter' };

/**
 * A strategy's ports, answered by a script. It holds the strategy to its contract: places are new, turns follow each other, a branch goes on from a
 * turn that there was, only answers of the target are judged, and nothing is asked while something else is.
 */
export class ScriptedDialogue {
  /** What was asked, in order. */
  readonly requests: StrategyRequest[] = [];
  /** What was asked and judged, a line each: `target 0/1: text`, `judge objective 0/1: 0.5`. */
  readonly transcript: string[] = [];
  readonly ports: StrategyPorts;
  readonly #used = new Map<string, number>();
  readonly #answered = new Map<string, StrategyReply>();
  readonly #judged = new Map<string, boolean | number>();
  #busy = false;

  constructor(private readonly script: DialogueScript) {
    this.ports = {
      stored: null,
      convert: script.convert ?? ((text) => text),
      random: seededRandom('scripted'),
      send: (request) => this.#alone(() => this.#send(request)),
      hasJudge: (role) => script.judges?.[role] !== undefined,
      judge: (role, place) => this.#alone(async () => this.#judge(role, place)),
    };
  }

  /** What was said to a partner, in order. */
  said(purpose: Partner): string[] {
    return this.requests.filter((request) => request.purpose === purpose).map(({ messages }) => messages.at(-1)?.content ?? '');
  }

  async #alone<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#busy) throw new Error('A strategy asks one thing at a time.');
    this.#busy = true;
    try {
      // A strategy must not depend on being answered at once.
      await new Promise((resolve) => setImmediate(resolve));
      return await ask();
    } finally {
      this.#busy = false;
    }
  }

  async #send(request: StrategyRequest): Promise<StrategyReply> {
    const { purpose, messages } = request;
    const sent = messages.at(-1)?.content ?? '';
    if (sent === '') throw new NothingToSend();
    this.#checkPlace(request);
    this.requests.push(request);
    this.transcript.push(`${purpose} ${request.branch}/${request.turn}: ${sent}`);
    const answer = this.#next(purpose, purpose === 'target' ? this.script.target : (this.script.attacker ?? []));
    const given = typeof answer === 'function' ? answer(request) : answer;
    if (given instanceof Error) throw given;
    const reply: StrategyReply = {
      kind: 'answered',
      text: '',
      finishReason: 'stop',
      usage: null,
      ...(typeof given === 'string' ? { text: given } : given),
      sent,
    };
    this.#answered.set(keyOf(purpose, request), reply);
    return reply;
  }

  #checkPlace({ purpose, branch, turn, from }: StrategyRequest): void {
    const at = `${purpose} ${branch}/${turn}`;
    // Not even when it failed: after a crash it is not known any more which of the two came of it.
    if (this.requests.some((other) => keyOf(other.purpose, other) === at)) throw new Error(`The place ${at} was asked before.`);
    const begun = [...this.#answered.keys()].some((key) => key.startsWith(`${purpose} ${branch}/`));
    if (from && begun) throw new Error(`The branch ${purpose} ${branch} has begun: ${at} goes on from no other.`);
    if (!from && !begun && turn > 0) throw new Error(`The branch ${purpose} ${branch} begins with turn ${turn}.`);
    if (!from && !begun) return;
    const before = from ?? { branch, turn: turn - 1 };
    if (before.turn !== turn - 1 || !this.#answered.has(keyOf(purpose, before))) {
      throw new Error(`${at} goes on from ${before.branch}/${before.turn}, which is not the turn before, or was not answered.`);
    }
  }

  #judge(role: string, place: Place): Judgement {
    if (!this.#answered.has(keyOf('target', place))) throw new Error(`There is no answer of the target at ${place.branch}/${place.turn}.`);
    const key = `${role} ${place.branch}/${place.turn}`;
    const known = this.#judged.get(key);
    const value = known ?? this.#next(role, this.script.judges?.[role] ?? []);
    if (value instanceof Error) throw value;
    this.#judged.set(key, value);
    const degree = Number(value);
    if (known === undefined) this.transcript.push(`judge ${key}: ${degree}`);
    const score = { category: null, rationale: `because ${value}`, metadata: null, degree };
    return typeof value === 'boolean'
      ? { ...score, type: 'true_false', value: String(value) }
      : { ...score, type: 'float_scale', value: String(value) };
  }

  #next<T>(who: string, script: readonly T[]): T {
    const used = this.#used.get(who) ?? 0;
    this.#used.set(who, used + 1);
    const line = script[Math.min(used, script.length - 1)];
    if (line === undefined) throw new Error(`Nothing is scripted for ${who}.`);
    return line;
  }
}

/** A target or an attacker that is down. */
export function unavailable(): GeneratorError {
  return new GeneratorError('unavailable', 'The endpoint refused the connection.');
}

/** A judge that came to no score. */
export function unjudged(): JudgeFailed {
  return new JudgeFailed("Not judged by 'judge': it gave no readable verdict.");
}

function keyOf(purpose: string, { branch, turn }: Place): string {
  return `${purpose} ${branch}/${turn}`;
}
