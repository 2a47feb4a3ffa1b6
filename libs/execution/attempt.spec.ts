import { describe, expect, it } from '@jest/globals';
import { GeneratorError, isUuid, type ExecutionEvent, type Generator } from '#core';
import { ManualClock, ScriptedGenerator } from '#core/testing';
import { attempt, isCutOff, type AttemptPorts, type AttemptSpec } from './attempt.js';
import type { AttemptReport } from './attempt-report.js';
import { Limiters } from './limiters.js';
import { ask as askFor, limits } from './testing/ask.js';
import { unlimited } from './testing/campaign.js';

const busy = new GeneratorError('rate-limited', 'The endpoint answered 429.', { retryAfterMs: 5_000, status: 429 });
const down = new GeneratorError('unavailable', 'The endpoint answered 503.');
const wrong = new GeneratorError('rejected', 'The endpoint answered 400.');

function bench(options: Partial<AttemptPorts> = {}) {
  const clock = new ManualClock(1_000);
  const stop = new AbortController();
  const cut = new AbortController();
  const journal: ExecutionEvent[] = [];
  const reports: AttemptReport[] = [];
  const ports: AttemptPorts = {
    clock,
    limiters: new Limiters(clock),
    spending: unlimited(),
    isCancelled: () => false,
    user: 'user',
    retry: { maxRetries: 2, baseMs: 100, maxMs: 1_000 },
    post: async (events) => void journal.push(...events),
    report: (attempt) => void reports.push(attempt),
    halt: AbortSignal.any([stop.signal, cut.signal]),
    abort: cut.signal,
    ...options,
  };
  const spec: AttemptSpec = {
    itemId: 'i',
    purpose: 'target',
    turn: 0,
    branch: 0,
    earlier: 0,
    messages: [{ role: 'user', content: 'hi' }],
    carried: [],
  };
  const story = (): string[] =>
    [...journal, ...spec.carried].map((event) =>
      event.kind === 'attempt-failed' ? event.fault : event.kind === 'attempt-intended' ? `#${event.retry}` : event.kind,
    );
  const ask = (generator: Generator, changes: Partial<AttemptSpec> = {}) => attempt(generator, { ...spec, ...changes }, ports);
  return { clock, stop, cut, journal, reports, ports, spec, story, ask };
}

describe('an attempt', () => {
  it('has its intent in the journal before its request is sent, with what was carried before it', async () => {
    const { ask, journal, spec } = bench();
    spec.carried.push({ kind: 'attempt-lost', attemptId: 'old', itemId: 'i', at: 0 });
    let seen: ExecutionEvent[] = [];
    const generator = new ScriptedGenerator([
      () => {
        seen = [...journal];
        return 'hello';
      },
    ]);
    const { attemptId, reply, at } = await ask(generator, { purpose: 'judge', turn: 3, branch: 2, earlier: 4 });
    expect(isUuid(attemptId)).toBe(true);
    const intent = { kind: 'attempt-intended', attemptId, itemId: 'i', purpose: 'judge', turn: 3, branch: 2, retry: 4, at: 1_000 };
    expect(seen).toEqual([{ kind: 'attempt-lost', attemptId: 'old', itemId: 'i', at: 0 }, intent]);
    expect([reply.text, at, spec.carried]).toEqual(['hello', 1_000, []]);
    expect(generator.requests[0]?.messages).toBe(spec.messages);
  });

  it('is told of to whoever counts, once for each request, with what came of it and whom it was sent to', async () => {
    const { ask, clock, cut, ports, reports } = bench();
    const generator = new ScriptedGenerator([down, 'at last']);
    const answered = ask(generator, { purpose: 'judge' });
    await clock.advance(2_000);
    await answered;
    await expect(ask(new ScriptedGenerator([wrong]))).rejects.toBe(wrong);
    const blocked = { kind: 'blocked' as const, text: '', finishReason: 'content_filter', usage: { inputTokens: 3, outputTokens: 0 } };
    await ask(new ScriptedGenerator([() => blocked]));
    const hanging = ask(
      new ScriptedGenerator([
        ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
      ]),
    );
    const [, ended] = await Promise.all([clock.advance(0).then(() => cut.abort()), hanging.catch((error: unknown) => error)]);
    expect(isCutOff(ended, ports)).toBe(true);
    expect(reports.map(({ purpose, outcome, usage }) => [purpose, outcome, usage?.inputTokens ?? null])).toEqual([
      ['judge', 'unavailable', null],
      ['judge', 'answered', reports[1]?.usage?.inputTokens ?? null],
      ['target', 'rejected', null],
      ['target', 'blocked', 3],
      ['target', 'cut-off', null],
    ]);
    expect(reports[0]?.generator).toBe(generator);
    for (const { latencyMs } of reports) expect(latencyMs).toBeGreaterThanOrEqual(0);
  });

  it('journals each failure with its reason, and counts its retries from what there was', async () => {
    const { ask, journal, clock, story } = bench();
    const answered = ask(new ScriptedGenerator([down, down, 'at last']), { earlier: 7 });
    await clock.advance(2_000);
    expect((await answered).reply.text).toBe('at last');
    expect(story()).toEqual(['#7', 'unavailable', '#8', 'unavailable', '#9']);
    expect(journal[1]).toMatchObject({ kind: 'attempt-failed', detail: 'The endpoint answered 503.' });
    expect(new Set(journal.map((event) => event.kind === 'attempt-intended' && event.attemptId)).size).toBe(4);
  });

  it('leaves the last failure to the caller, after the last retry or when no retry would help', async () => {
    const many = bench();
    const failed = many.ask(new ScriptedGenerator([down])).catch((error: unknown) => error);
    await many.clock.advance(10_000);
    expect(await failed).toBe(down);
    expect(many.story()).toEqual(['#0', 'unavailable', '#1', 'unavailable', '#2', 'unavailable']);
    expect([many.journal.length, many.spec.carried.length]).toEqual([5, 1]);

    const once = bench();
    await expect(once.ask(new ScriptedGenerator([wrong]))).rejects.toBe(wrong);
    expect(once.story()).toEqual(['#0', 'rejected']);
  });

  it('holds everybody off for as long as the endpoint asks, also when it gives up itself', async () => {
    const { ask, clock, ports } = bench({ retry: { maxRetries: 0, baseMs: 100, maxMs: 1_000 } });
    await expect(ask(new ScriptedGenerator([busy]))).rejects.toBe(busy);
    const other = new ScriptedGenerator(['hello']);
    const answered = attempt(other, { itemId: 'j', purpose: 'target', turn: 0, branch: 0, earlier: 0, messages: [], carried: [] }, ports);
    await clock.advance(4_999);
    expect(other.requests).toHaveLength(0);
    await clock.advance(1);
    await answered;
    expect(clock.now()).toBe(6_000);
  });

  it('holds no slot while it waits for its retry', async () => {
    const { ask, clock, ports } = bench();
    const generator = new ScriptedGenerator([down, 'second'], { maxInFlight: 1 });
    const answered = ask(generator);
    await clock.advance(0);
    expect(ports.limiters.get(generator.limitKey).inFlight).toBe(0);
    await clock.advance(1_000);
    await answered;
    expect(ports.limiters.get(generator.limitKey).inFlight).toBe(0);
  });

  it('does not give up on an endpoint that is down for everybody, whatever its retries', async () => {
    const { ask, clock, ports } = bench({ retry: { maxRetries: 0, baseMs: 100, maxMs: 1_000 } });
    let isUp = false;
    const generator = new ScriptedGenerator([
      () => {
        if (isUp) return 'back';
        throw down;
      },
    ]);
    const errors = await Promise.allSettled(Array.from({ length: 9 }, (_, n) => ask(generator, { itemId: `item ${n}`, carried: [] })));
    expect(errors.every((error) => error.status === 'rejected')).toBe(true);
    const waiting = ask(generator);
    await clock.advance(10_000);
    expect(ports.limiters.state(generator.limitKey, 'user').breaker).not.toBe('closed');
    isUp = true;
    await clock.advance(60_000);
    expect((await waiting).reply.text).toBe('back');
    expect(generator.requests.length).toBeLessThan(20);
  });

  it('tells the limits what it used: the tokens that came back, or a guess by the words', async () => {
    const { ask, clock } = bench();
    const usage = { inputTokens: 400, outputTokens: 600 };
    const generator = new ScriptedGenerator([{ kind: 'answered', text: 'hello', finishReason: null, usage }, 'x'.repeat(4_000)], {
      tokensPerMinute: 60_000,
    });
    await ask(generator, { carried: [] });
    // A second's worth is gone, though the first request was estimated at much less.
    const second = ask(generator, { carried: [] });
    await clock.advance(200);
    expect(generator.requests).toHaveLength(1);
    await clock.advance(300);
    await second;
    const third = ask(generator, { carried: [] });
    await clock.advance(800);
    expect(generator.requests).toHaveLength(2);
    await clock.advance(1_000);
    await third;
    expect(generator.requests).toHaveLength(3);
  });

  it('takes a client that throws anything else for one that can not answer, and does not repeat its words', async () => {
    const { ask, journal, clock } = bench();
    const answered = ask(new ScriptedGenerator([new TypeError('secret prompt'), 'fine']));
    await clock.advance(1_000);
    await answered;
    expect(journal[1]).toMatchObject({ fault: 'invalid-answer', detail: 'The generator failed unexpectedly (TypeError).' });
  });

  it('is withdrawn from the wait for its retry, its failure already journaled', async () => {
    const { ask, stop, clock, story, ports } = bench();
    const ending = ask(new ScriptedGenerator([down])).catch((error: unknown) => error);
    await clock.advance(0);
    stop.abort(new Error('stop'));
    expect(isCutOff(await ending, ports)).toBe(true);
    expect(story()).toEqual(['#0', 'unavailable']);
  });

  it('is said not to have been sent when it is ended between its intent and its slot', async () => {
    const { ask, stop, ports, story } = bench();
    const generator = new ScriptedGenerator(['hello'], { maxInFlight: 1 });
    const other = await ports.limiters.get(generator.limitKey).place(askFor(1), ports.halt);
    await other.enter();
    const ending = ask(generator).catch((error: unknown) => error);
    await new Promise((resolve) => setImmediate(resolve));
    expect(story()).toEqual(['#0']);
    stop.abort(new Error('stop'));
    expect(isCutOff(await ending, ports)).toBe(true);
    other.release();
    expect(story()).toEqual(['#0', 'not-sent']);
    expect(generator.requests).toHaveLength(0);
    await (await ports.limiters.get(generator.limitKey).place(askFor(1), new AbortController().signal)).enter();
  });

  it('goes on with what is on the wire when nothing more is to be sent, and is cut off when it is to be', async () => {
    const slow = () => new ScriptedGenerator([async () => new Promise<string>((resolve) => setTimeout(() => resolve('late'), 20))]);
    const drained = bench();
    const answered = drained.ask(slow());
    await new Promise((resolve) => setImmediate(resolve));
    drained.stop.abort();
    expect((await answered).reply.text).toBe('late');

    const { ask, cut, ports, story } = bench();
    const hanging: Generator = {
      limitKey: 'hanging',
      price: null,
      limits: limits(1),
      generate: ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('socket closed')))),
      [Symbol.asyncDispose]: async () => undefined,
    };
    const ending = ask(hanging).catch((error: unknown) => error);
    await new Promise((resolve) => setImmediate(resolve));
    cut.abort();
    expect(isCutOff(await ending, ports)).toBe(true);
    expect(story()).toEqual(['#0']);
    expect(ports.limiters.get('hanging').inFlight).toBe(0);
  });
});
