import { InvalidInput, seededRandom, uuidv7, type Exchange, type ExecutionEvent, type ItemProgress, type StrategyRequest } from '#core';
import { attempt, type AttemptPorts } from './attempt.js';
import type { CompiledOrchestrator } from './orchestration.js';

/** An exchange with the target, and whether its content filter answered. */
export type Answer = Exchange & { readonly blocked: boolean };

/**
 * Lets the strategy talk to the target on behalf of one item, and returns the exchange that it ended with: the one to be scored. The last answer is
 * left in `carried` for the caller to journal with what follows from it.
 * @param seed of the execution.
 * @throws NothingToSend; what `attempt` throws; whatever a converter or the strategy throws.
 */
export async function converse(
  progress: ItemProgress,
  compiled: CompiledOrchestrator,
  seed: string,
  ports: AttemptPorts,
  carried: ExecutionEvent[],
): Promise<Answer> {
  const { item } = progress;
  const chain = compiled.chains[item.chain];
  if (!chain)
    throw new InvalidInput(`The plan names converter chain ${item.chain}, but the orchestrator has only ${compiled.chains.length}.`);
  const convert = (text: string): string =>
    chain.reduce((converted, converter, index) => converter(converted, { random: seededRandom(`${seed}/${item.id}/${index}`) }), text);

  const conversations = new Map<number, string>();
  const answers: (Answer & Pick<StrategyRequest, 'turn' | 'branch'>)[] = [];
  const send = async (request: StrategyRequest) => {
    const { purpose, turn, branch, messages } = request;
    const converted = messages.at(-1)?.content ?? '';
    if (converted === '') throw new NothingToSend();
    const spec = { itemId: item.id, purpose, turn, branch, earlier: progress.attempts, messages, carried };
    const { attemptId, reply, latencyMs, at } = await attempt(compiled.target, spec, ports);
    const conversationId = conversations.get(branch) ?? uuidv7();
    conversations.set(branch, conversationId);
    const exchange: Exchange = {
      conversationId,
      requestId: uuidv7(),
      responseId: uuidv7(),
      original: request.original,
      converted,
      response: reply.text,
    };
    const blocked = reply.kind === 'blocked';
    const { finishReason, usage } = reply;
    carried.push({ kind: 'attempt-answered', attemptId, itemId: item.id, at, blocked, latencyMs, finishReason, usage, exchange });
    answers.push({ ...exchange, blocked, turn, branch });
    return reply;
  };
  const end = await compiled.strategy(item.value, { convert, send });
  const answer = answers.findLast(({ turn, branch }) => turn === end.turn && branch === end.branch);
  if (!answer) throw new NothingToSend();
  return answer;
}

/** The converters left an empty prompt, or the strategy had nothing to say. */
export class NothingToSend extends Error {
  override readonly name = 'NothingToSend';
  constructor() {
    super('There was nothing to send: the prompt is empty after its converters.');
  }
}
