import {
  GeneratorError,
  InvalidInput,
  JudgeFailed,
  NothingToSend,
  seededRandom,
  uuidv7,
  type Converter,
  type Exchange,
  type ExecutionEvent,
  type Generator,
  type Item,
  type ItemProgress,
  type Judgement,
  type PastAttempt,
  type Partner,
  type Place,
  type Random,
  type ScoreValue,
  type StrategyPorts,
  type StrategyReply,
  type StrategyRequest,
} from '#core';
import { attempt, isCutOff, type AttemptPorts } from './attempt.js';
import type { CompiledOrchestrator, EngineOptions } from './orchestration.js';
import type { Past } from './past.js';
import { reasonOf } from './reason.js';
import { scoreOnce } from './scoring.js';

/** An exchange, where it stands, and whether a content filter answered. */
export type Answer = Place & Exchange & { readonly purpose: Partner; readonly blocked: boolean };

/** What the requests of an item took together. */
export interface Totals {
  readonly latencyMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/**
 * Lets the strategy talk and judge on behalf of one item. What the journal has already is answered from there; everything else is attempted. The
 * last answer, and the last scores, are left in `carried` for the caller to journal with what follows from them.
 */
export class Dialogue {
  readonly answers: Answer[] = [];
  readonly ports: StrategyPorts;
  readonly #item: Item;
  readonly #totals = { latencyMs: 0, inputTokens: 0, outputTokens: 0 };
  readonly #scored = new Map<string, ScoreValue>();

  /** @throws InvalidInput when the plan names a converter chain that there is not. */
  constructor(
    { item, stored }: ItemProgress,
    private readonly past: Past,
    private readonly compiled: CompiledOrchestrator,
    private readonly options: EngineOptions,
    private readonly attempts: AttemptPorts,
    private readonly carried: ExecutionEvent[],
  ) {
    this.#item = item;
    const chain = chainOf(compiled, item.chain);
    if (stored) this.answers.push({ ...STORED, purpose: 'target', ...stored });
    const random = (part: string | number): Random => seededRandom(`${options.seed}/${item.id}/${part}`);
    let drawn: Random | null = null;
    this.ports = {
      stored: stored && STORED,
      convert: (text) => chain.reduce((converted, converter, index) => converter(converted, { random: random(index) }), text),
      // Most strategies have no use for it.
      get random() {
        return (drawn ??= random('strategy'));
      },
      send: (request) => this.#send(request),
      hasJudge: (role) => compiled.judges.has(role),
      judge: (role, place) => this.#judge(role, place),
    };
  }

  get totals(): Totals {
    return this.#totals;
  }

  /** The exchange at a place. */
  at(purpose: Partner, { branch, turn }: Place): Answer | null {
    return this.answers.findLast((answer) => answer.purpose === purpose && answer.branch === branch && answer.turn === turn) ?? null;
  }

  /** The conversation of a branch, once there is one. */
  conversation(purpose: Partner, branch: number): string | null {
    return this.answers.find((answer) => answer.purpose === purpose && answer.branch === branch)?.conversationId ?? null;
  }

  /** What a scorer has said of a message on behalf of the strategy. */
  scored(messageId: string, scorerId: string | null): ScoreValue | null {
    return this.#scored.get(`${messageId}/${scorerId}`) ?? null;
  }

  /** Whether anybody has judged a message on behalf of the strategy. */
  isJudged(messageId: string): boolean {
    return [...this.#scored.keys()].some((key) => key.startsWith(`${messageId}/`));
  }

  async #send(request: StrategyRequest): Promise<StrategyReply> {
    const { purpose, branch, turn, messages } = request;
    const converted = messages.at(-1)?.content ?? '';
    if (converted === '') throw new NothingToSend();
    const before = this.past.answer(purpose, request);
    if (before) return this.#remember(purpose, before, before.exchange);
    const failure = this.past.failure(purpose, request);
    if (failure) throw new GeneratorError(faultOf(failure), failure.detail ?? 'It failed before the server was restarted.');
    const generator = this.#partner(purpose);
    const spec = {
      itemId: this.#item.id,
      purpose,
      turn,
      branch,
      earlier: this.past.tries(purpose, request),
      messages,
      carried: this.carried,
    };
    const { attemptId, reply, latencyMs, at } = await attempt(generator, spec, this.attempts);
    const exchange: Exchange = {
      ...this.#beginning(request),
      requestId: uuidv7(),
      responseId: uuidv7(),
      original: request.original,
      converted,
      response: reply.text,
    };
    const blocked = reply.kind === 'blocked';
    const { finishReason, usage } = reply;
    const measured = { attemptId, blocked, latencyMs, finishReason, usage };
    this.carried.push({ kind: 'attempt-answered', itemId: this.#item.id, at, ...measured, exchange });
    return this.#remember(purpose, { branch, turn, ...measured }, exchange);
  }

  /** The conversation that an exchange belongs to, and what stands before it when it is the first. */
  #beginning({ purpose, branch, messages, from }: StrategyRequest): Pick<Exchange, 'conversationId' | 'preceding' | 'continues'> {
    const conversationId = this.conversation(purpose, branch);
    if (conversationId) return { conversationId };
    if (!from) return { conversationId: uuidv7(), ...(messages.length > 1 ? { preceding: messages.slice(0, -1) } : {}) };
    const source = this.at(purpose, from);
    if (!source) throw new TypeError(`Branch ${branch} goes on from a turn that nobody answered.`);
    return { conversationId: uuidv7(), continues: { conversationId: source.conversationId, responseId: source.responseId } };
  }

  #remember(
    purpose: Partner,
    {
      branch,
      turn,
      blocked,
      finishReason,
      latencyMs,
      usage,
    }: Pick<PastAttempt, keyof Place | 'blocked' | 'finishReason' | 'latencyMs' | 'usage'>,
    exchange: Exchange,
  ): StrategyReply {
    this.answers.push({ ...exchange, purpose, branch, turn, blocked });
    this.#totals.latencyMs += latencyMs;
    this.#totals.inputTokens += usage?.inputTokens ?? 0;
    this.#totals.outputTokens += usage?.outputTokens ?? 0;
    return { kind: blocked ? 'blocked' : 'answered', text: exchange.response, finishReason, usage, sent: exchange.converted };
  }

  async #judge(role: string, place: Place): Promise<Judgement> {
    const scorer = this.compiled.judges.get(role);
    const answer = this.at('target', place);
    if (!scorer || !answer) throw new TypeError(scorer ? 'There is no answer to judge.' : `Nobody has the role '${role}'.`);
    const { scoringRunId } = this.options;
    const key = `${answer.responseId}/${scorer.id}`;
    const known = this.#scored.get(key) ?? this.past.score(answer.responseId, scorer, scoringRunId);
    if (known) {
      this.#scored.set(key, known);
      return { ...known, degree: degreeOf(known) };
    }
    const branch = this.compiled.scorers.length + [...this.compiled.judges.keys()].indexOf(role);
    const target = this.answers.filter(({ purpose }) => purpose === 'target');
    const firstTurn = target.indexOf(answer) * QUESTIONS;
    if (this.past.judgedInVain(branch, firstTurn, QUESTIONS)) {
      throw new JudgeFailed(`Not judged by '${scorer.name}': it came to no score before the server was started again.`);
    }
    const asking = { branch, firstTurn, past: this.past, ports: this.attempts, carried: this.carried };
    try {
      const event = await scoreOnce(this.#item, answer, scorer, scoringRunId, asking);
      this.carried.push(event);
      this.#scored.set(key, event.score);
      return { ...event.score, degree: degreeOf(event.score) };
    } catch (error) {
      if (isCutOff(error, this.attempts)) throw error;
      throw new JudgeFailed(`Not judged by '${scorer.name}': ${reasonOf(error, 'The scorer')}`, { cause: error });
    }
  }

  #partner(purpose: Partner): Generator {
    const generator = purpose === 'target' ? this.compiled.target : this.compiled.attacker;
    if (!generator) throw new TypeError(`The strategy asks its ${purpose} without having one.`);
    return generator;
  }
}

/** Where an answer stands that was there before. */
const STORED: Place = { branch: 0, turn: 0 };

/** More than a scorer asks its judge about one answer. */
const QUESTIONS = 100;

function chainOf({ chains }: CompiledOrchestrator, index: number): readonly Converter[] {
  const chain = chains[index];
  if (chain) return chain;
  throw new InvalidInput(`The plan names converter chain ${index}, but the orchestrator has only ${chains.length}.`);
}

function faultOf({ fault }: PastAttempt): GeneratorError['fault'] {
  return fault === null || fault === 'not-sent' ? 'unavailable' : fault;
}

function degreeOf({ type, value }: ScoreValue): number {
  return type === 'true_false' ? Number(value === 'true') : Number(value);
}
