import type { ChatMessage, Partner, Place, StrategyPorts, StrategyReply } from '#core';

/** An answer and where it stands. */
export interface Said {
  readonly reply: StrategyReply;
  readonly place: Place;
}

/** One conversation of a strategy, with the model under test or with the attacker. */
export class Thread {
  readonly #messages: ChatMessage[];
  /** Where each exchange was sent: in this branch, or in one that this one goes on from. */
  readonly #places: Place[] = [];

  /** @param preceding what stands before the first request: a system prompt, turns that are made up. */
  constructor(
    private readonly ports: StrategyPorts,
    private readonly purpose: Partner,
    readonly branch: number,
    private readonly preceding: readonly ChatMessage[] = [],
  ) {
    this.#messages = [...preceding];
  }

  /** How many exchanges it has, those included that it goes on from. */
  get turns(): number {
    return this.#places.length;
  }

  /**
   * Says something and awaits the answer. What is said to the target goes through the converters. A turn that failed is not asked again, for its
   * place is taken: what goes on from the turns before it is a fork. @throws what `ports.send` throws
   */
  async say(text: string): Promise<Said> {
    const content = this.purpose === 'target' ? this.ports.convert(text) : text;
    const place = { branch: this.branch, turn: this.turns };
    const last = this.#places.at(-1);
    const reply = await this.ports.send({
      ...place,
      purpose: this.purpose,
      original: text,
      messages: [...this.#messages, { role: 'user', content }],
      ...(last && last.branch !== this.branch ? { from: last } : {}),
    });
    this.#messages.push({ role: 'user', content: reply.sent }, { role: 'assistant', content: reply.text });
    this.#places.push(place);
    return { reply, place };
  }

  /**
   * A conversation of its own that goes on from the first `turns` exchanges of this one, as they are now. Without any it begins anew, with the same
   * words before it. @throws RangeError when there are fewer
   */
  fork(branch: number, turns = this.turns): Thread {
    if (turns < 0 || turns > this.turns) throw new RangeError(`There are ${this.turns} turns to go on from, not ${turns}.`);
    const fork = new Thread(this.ports, this.purpose, branch, this.preceding);
    fork.#messages.push(...this.#messages.slice(this.preceding.length, this.preceding.length + 2 * turns));
    fork.#places.push(...this.#places.slice(0, turns));
    return fork;
  }
}
