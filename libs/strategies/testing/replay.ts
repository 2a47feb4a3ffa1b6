import { isDeepStrictEqual } from 'node:util';
import {
  seededRandom,
  type ChatMessage,
  type GeneratorReply,
  type Judgement,
  type Partner,
  type Place,
  type StrategyPorts,
  type StrategyReply,
  type StrategyRequest,
} from '#core';

/** Where a run is cut off: nothing that a strategy may take for an answer. */
export class CutOff extends Error {
  override readonly name = 'CutOff';
}

/** What comes of a request or a judgement that is the nth of a recording. Errors are thrown. */
export interface Oracle {
  reply(request: StrategyRequest, nth: number): GeneratorReply | Error;
  judge(role: string, place: Place, nth: number): Judgement | Error;
}

/** What was answered, by place, and what was asked for it. It outlives the runs. */
export class Recording {
  readonly asked: string[] = [];
  readonly answers = new Map<string, StrategyReply | Judgement | Error>();
}

/**
 * A strategy's ports for one run, after a crash or before. What the recording has is answered from there; everything else is asked for and recorded,
 * until so many things were asked for that the run is cut off. It holds the strategy to its contract: one thing is asked at a time, a place is asked
 * once, whatever comes of it, and what is said goes on from what the conversation, or the one that it goes on from, holds.
 */
export class Replay {
  /** What this run asked, in order, whether it was recorded before or not. */
  readonly asked: string[] = [];
  readonly ports: StrategyPorts;
  /** The conversation up to a place, by place. */
  readonly #conversations = new Map<string, readonly ChatMessage[]>();
  readonly #sent = new Set<string>();
  #busy = false;
  #converted = 0;
  #left: number;

  /**
   * @param judges the roles that somebody has.
   * @param allowance how many new things may be asked.
   */
  constructor(
    private readonly recording: Recording,
    private readonly oracle: Oracle,
    judges: ReadonlySet<string>,
    allowance = Infinity,
  ) {
    this.#left = allowance;
    this.ports = {
      stored: null,
      // A converter with a memory: a strategy that converts more or less than before is found out.
      convert: (text) => `${text} (${this.#converted++})`,
      random: seededRandom('replay'),
      send: (request) => this.#alone(() => this.#send(request)),
      hasJudge: (role) => judges.has(role),
      judge: (role, place) => this.#alone(() => this.#judge(role, place)),
    };
  }

  /** The exchanges with a partner that were answered, as `branch/turn`, in order. */
  places(partner: Partner): string[] {
    return [...this.#conversations.keys()].flatMap((key) => (key.startsWith(`${partner} `) ? [key.slice(partner.length + 1)] : []));
  }

  async #alone<T>(ask: () => T): Promise<T> {
    if (this.#busy) throw new Error('A strategy asks one thing at a time.');
    this.#busy = true;
    try {
      await new Promise((resolve) => setImmediate(resolve));
      return ask();
    } finally {
      this.#busy = false;
    }
  }

  #send(request: StrategyRequest): StrategyReply {
    const { purpose, branch, messages } = request;
    const key = keyOf(purpose, request);
    if (this.#sent.has(key)) throw new Error(`The place ${key} was asked before.`);
    this.#sent.add(key);
    const begun = [...this.#conversations.keys()].some((other) => other.startsWith(`${purpose} ${branch}/`));
    if (begun && request.from) throw new Error(`The branch of ${key} has begun: it goes on from no other.`);
    if (begun || request.from || request.turn > 0) {
      const before = request.from ?? { branch, turn: request.turn - 1 };
      const conversation = before.turn === request.turn - 1 && this.#conversations.get(keyOf(purpose, before));
      if (!conversation) throw new Error(`${key} goes on from a turn that nobody answered, or that is not the one before.`);
      if (!isDeepStrictEqual(messages.slice(0, -1), conversation)) throw new Error(`${key} goes on from what was not said.`);
    }
    const sent = messages.at(-1)?.content ?? '';
    const reply = this.#answer(key, JSON.stringify({ key, ...request }), (nth) => {
      const answer = this.oracle.reply(request, nth);
      return answer instanceof Error ? answer : { ...answer, sent };
    });
    this.#conversations.set(key, [
      ...messages.slice(0, -1),
      { role: 'user', content: reply.sent },
      { role: 'assistant', content: reply.text },
    ]);
    return reply;
  }

  #judge(role: string, place: Place): Judgement {
    if (!this.#conversations.has(keyOf('target', place)))
      throw new Error(`There is no answer of the target at ${place.branch}/${place.turn}.`);
    const key = keyOf(`judge ${role}`, place);
    return this.#answer(key, key, (nth) => this.oracle.judge(role, place, nth));
  }

  #answer<T extends StrategyReply | Judgement>(key: string, asked: string, ask: (nth: number) => T | Error): T {
    const { answers } = this.recording;
    if (!this.asked.includes(asked)) this.asked.push(asked);
    if (!answers.has(key)) {
      if (this.#left === 0) throw new CutOff();
      this.#left -= 1;
      this.recording.asked.push(asked);
      answers.set(key, ask(answers.size));
    }
    const answer = answers.get(key);
    if (answer instanceof Error) throw answer;
    return answer as T;
  }
}

function keyOf(who: string, { branch, turn }: Place): string {
  return `${who} ${branch}/${turn}`;
}
