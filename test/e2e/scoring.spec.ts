import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import type { ExecutionPreviewDto } from '../../src/executions/execution.dto.js';
import type { ResultDto } from '../../src/executions/result.dto.js';
import type { ExecutionSummaryDto } from '../../src/executions/summary.dto.js';
import type { ConversationDto, MemoryScoreDto, MessageDto } from '../../src/memory/memory.dto.js';
import type { Client } from '../server/client.js';
import { ServerProcess } from '../server/server-process.js';
import { CONTENT_FILTER, OpenAiTarget, type Behaviour, type TargetRequest } from '../targets/openai-target.js';

let server: ServerProcess;
let target: OpenAiTarget;
let judge: OpenAiTarget;
let client: Client;
let generatorId: string;
let judgeId: string;
let people = 0;

beforeAll(async () => {
  server = await ServerProcess.start();
}, 60_000);

beforeEach(async () => {
  target = await OpenAiTarget.start(({ content }) => ({ reply: `Answer to ${content}` }));
  judge = await OpenAiTarget.start(verdict);
  client = server.client(`person ${people++}`);
  generatorId = await client.generator('target', target.baseUrl);
  judgeId = await client.generator('judge', judge.baseUrl);
});

afterEach(async () => {
  await target[Symbol.asyncDispose]();
  await judge[Symbol.asyncDispose]();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** A judge that takes every answer with a 7 in it for a violation, and says why. */
function verdict({ content, body }: TargetRequest): Behaviour {
  const isScale = JSON.stringify(body).includes('one of the numbers');
  const hit = /Answer to \w*7/.test(content);
  return { reply: JSON.stringify({ rationale: hit ? 'There is a seven.' : 'No seven.', value: isScale ? (hit ? 5 : 1) : hit }) };
}

const question = 'Does the answer hold a seven?';
const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `p${index}`);

async function judged(parameters: object = {}): Promise<string> {
  const scorerIds = [
    await client.create('scorers', 'sevens', 'self-ask-true-false', { generatorId: judgeId, question, category: 'numbers', ...parameters }),
    await client.create('scorers', 'how much', 'self-ask-likert', { generatorId: judgeId }),
  ];
  return client.orchestrator('judged', { generatorId, scorerIds, maxRetries: 0 });
}

const byScorer = ({ scores }: ResultDto): unknown =>
  Object.fromEntries(scores.map((score) => [score.scorer, [score.value, score.rationale]]));

describe('A judge', () => {
  it('gives each answer one verdict for each scorer, with its reason', async () => {
    const { id } = await client.execute(await judged(), { prompts: numbered(20) });
    expect(await client.ended(id)).toMatchObject({ state: 'completed', coverage: { scored: 20 } });
    expect([target.requests, judge.requests]).toEqual([20, 40]);
    const results = await client.results(id);
    for (const result of results) {
      const hit = result.prompt.startsWith('p7') || result.prompt.includes('7');
      const rationale = hit ? 'There is a seven.' : 'No seven.';
      expect(byScorer(result)).toEqual({ sevens: [String(hit), rationale], 'how much': [hit ? '1' : '0', rationale] });
      expect(result.scores.find((score) => score.scorer === 'sevens')).toMatchObject({ scoreType: 'true_false', category: 'numbers' });
    }
    const scores = await client.all<MemoryScoreDto>(`/api/v2/memory/scores?executionId=${id}`);
    expect(new Set(scores.map(({ messageId, scorer }) => `${messageId} ${scorer}`)).size).toBe(40);
    expect(scores).toHaveLength(40);
    expect(await client.get<ExecutionSummaryDto>(`/api/v2/executions/${id}/summary`)).toMatchObject({
      coverage: { planned: 20, scored: 20 },
      byConverter: [{ converters: [], planned: 20, scored: 20 }],
      byScorer: [
        { scorer: 'how much', scores: 20, positive: null, mean: 0.1 },
        { scorer: 'sevens', scores: 20, positive: 2, mean: null },
      ],
    });
    // What a judge was asked is no conversation with the model under test.
    expect(await client.get('/api/v2/memory/stats')).toMatchObject({ conversations: 20, messages: 40 });
  });

  it.each<readonly [string, Behaviour, RegExp, number]>([
    ['fails', { status: 500 }, /^Not scored by 'sevens': .*answered 500/, 1],
    ['rambles', { reply: 'Well, it depends.' }, /^Not scored by 'sevens': .*no readable verdict in 2 tries/, 2],
    ['is blocked', CONTENT_FILTER, /^Not scored by 'sevens': .*content filter/, 1],
  ])('that %s leaves the item answered, with the reason, and no made-up score', async (_what, behaviour, reason, asked) => {
    judge.behave = (request) => (request.text.includes('Answer to p1') ? behaviour : verdict(request));
    const { id } = await client.execute(await judged({ maxTries: 2 }), { prompts: ['p0', 'p1', 'p2'] });
    expect(await client.ended(id)).toMatchObject({ state: 'completed', coverage: { planned: 3, scored: 2, answered: 1, errored: 0 } });
    const [, failed, ...others] = await client.results(id);
    expect(failed).toMatchObject({ state: 'answered', response: 'Answer to p1', scores: [], reason: expect.stringMatching(reason) });
    expect(others.map((result) => [result.state, result.scores.length])).toEqual([['scored', 2]]);
    expect([target.requests, judge.requests]).toEqual([3, 4 + asked]);
  });

  it('that was interrupted by a crash is asked again, and the model under test is not', async () => {
    judge.behave = { hang: true };
    const orchestrator = await judged();
    const { id } = await client.execute(orchestrator, { prompts: numbered(8) });
    await until(() => target.requests === 8 && judge.requests === 8);
    expect((await client.execution(id)).coverage).toMatchObject({ open: 8, scored: 0 });
    await server.kill();
    judge.behave = verdict;
    await server.boot();
    expect(await client.ended(id)).toMatchObject({ state: 'completed', coverage: { planned: 8, scored: 8, unknown: 0 } });
    expect(target.requests).toBe(8);
    const results = await client.results(id);
    expect(results.map((result) => [result.response, result.scores.length])).toEqual(
      numbered(8).map((prompt) => [`Answer to ${prompt}`, 2]),
    );
  }, 60_000);
});

describe('An answer of a content filter', () => {
  it('is blocked: an outcome of its own, which is not scored', async () => {
    target.behave = ({ content }) => (content === 'p1' ? CONTENT_FILTER : { reply: 'fine' });
    const { id } = await client.execute(await judged(), { prompts: ['p0', 'p1'] });
    expect(await client.ended(id)).toMatchObject({ coverage: { planned: 2, scored: 1, blocked: 1 } });
    const [, blocked] = await client.results(id);
    expect(blocked).toMatchObject({ state: 'blocked', finishReason: 'content_filter', scores: [] });
    expect(judge.requests).toBe(2);
  });
});

describe('A plan', () => {
  let orchestrator: string;
  let plain: string;

  beforeEach(async () => {
    const random = await client.create('converters', 'random', 'random-case');
    const base64 = await client.create('converters', 'base64', 'base64');
    const scorerIds = [await client.create('scorers', 'refused', 'refusal')];
    orchestrator = await client.orchestrator('chained', { generatorId, scorerIds, converterChains: [[], [random], [random, base64]] });
    plain = await client.orchestrator('plain', { generatorId });
  });

  it('is what its preview says it will be', async () => {
    const request = { prompts: ['the first prompt', 'the second prompt'], repeats: 2, seed: 'autumn' };
    const path = `/api/v2/orchestrators/${orchestrator}/executions`;
    const preview = await client.post<ExecutionPreviewDto>(`${path}/preview`, request);
    expect(preview).toMatchObject({ planned: 12, prompts: 2, chains: 3, repeats: 2, requests: { target: 12, judge: 0 } });
    expect(target.requests).toBe(0);
    expect(await client.all('/api/v2/executions')).toEqual([]);

    const { id, coverage } = await client.execute(orchestrator, request);
    expect(coverage.planned).toBe(preview.planned);
    await client.ended(id);
    expect(target.requests).toBe(preview.requests.target);
    const results = await client.results(id);
    expect(preview.samples.map(({ converters }) => converters)).toEqual([[], ['random'], ['random', 'base64']]);
    for (const { original, converted, converters } of preview.samples) {
      const first = results.find(
        (result) => result.prompt === original && result.repeat === 0 && result.converters.join() === converters.join(),
      );
      expect(first?.convertedPrompt).toBe(converted);
    }
    const summary = await client.get<ExecutionSummaryDto>(`/api/v2/executions/${id}/summary`);
    expect(summary.byConverter.map(({ converters, planned, scored }) => [converters, planned, scored])).toEqual([
      [[], 4, 4],
      [['random'], 4, 4],
      [['random', 'base64'], 4, 4],
    ]);
  });

  it('sends a prompt as often as it is repeated and as it occurs, each as an item of its own', async () => {
    const { id } = await client.execute(plain, { prompts: ['twice', 'once', 'twice'], repeats: 3 });
    expect(await client.ended(id)).toMatchObject({ coverage: { planned: 9, answered: 9 } });
    expect(Object.fromEntries(target.countByContent)).toEqual({ twice: 6, once: 3 });
    const results = await client.results(id);
    expect(new Set(results.map((result) => result.id)).size).toBe(9);
    expect(new Set(results.map((result) => result.conversationId)).size).toBe(9);
    expect(results.map(({ prompt, repeat }) => `${prompt} ${repeat}`)).toEqual(
      ['twice', 'once', 'twice'].flatMap((prompt) => [0, 1, 2].map((repeat) => `${prompt} ${repeat}`)),
    );
  });

  it('samples the same prompts, and converts them alike, for the same seed', async () => {
    const datasetId = await client.dataset('hundred', numbered(100));
    const run = async (seed: string): Promise<{ planHash: string; sent: unknown[] }> => {
      const { id, planHash } = await client.execute(orchestrator, { datasetId, sampleSize: 10, seed });
      expect(await client.ended(id)).toMatchObject({ coverage: { planned: 30, scored: 30 } });
      return { planHash, sent: (await client.results(id)).map((result) => [result.id, result.convertedPrompt]) };
    };
    const first = await run('one');
    expect(await run('one')).toEqual(first);
    const other = await run('another');
    expect(other.sent).not.toEqual(first.sent);
    expect(other.planHash).not.toBe(first.planHash);
    expect(new Set(first.sent.map((item) => JSON.stringify(item))).size).toBe(30);
  });

  it('may have other converter chains than its orchestrator', async () => {
    const hex = await client.create('converters', 'hex', 'hex');
    const { id } = await client.execute(orchestrator, { prompts: ['abc'], converters: [[hex], []] });
    expect(await client.ended(id)).toMatchObject({ coverage: { planned: 2 } });
    expect((await client.results(id)).map((result) => result.convertedPrompt)).toEqual(['616263', 'abc']);
  });
});

describe('A CSV export', () => {
  it('has every result, and nothing that a spreadsheet would take for a formula', async () => {
    const prompts = [
      '=cmd|calc!A1',
      '+1+1',
      '-2',
      '@SUM(A1)',
      '\t=1',
      '\r=1',
      'plain',
      'with "quotes", commas\nand lines',
      '  =1',
      "'=1",
      '＝1',
    ];
    target.behave = ({ content }) => ({ reply: content });
    const orchestrator = await client.orchestrator('plain', { generatorId });
    const { id } = await client.execute(orchestrator, { prompts });
    await client.ended(id);
    const exported = await client.ask('GET', `/api/v2/executions/${id}/export?format=csv`);
    expect(exported.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(exported.headers.get('content-disposition')).toBe(`attachment; filename="execution-${id}.csv"`);
    const rows = parse(exported.text, { columns: true }) as Record<string, string>[];
    expect(rows).toHaveLength(prompts.length);
    for (const row of rows) for (const cell of Object.values(row)) expect(cell).not.toMatch(/^\s*[=+\-@|＝＋－＠]|^[\t\r]/u);
    const bare = (text: string | undefined): string | undefined => text?.replace(/^'(?=\s*[=+\-@＝])/u, '');
    expect(rows.map((row) => [bare(row['prompt']), bare(row['convertedPrompt']), bare(row['response'])])).toEqual(
      prompts.map((prompt) => [prompt, prompt, prompt].map((text) => bare(text))),
    );
    const results = await client.results(id);
    expect(rows.map((row) => row['id'])).toEqual(results.map((result) => result.id));
    expect(target.requests).toBe(prompts.length);
  });
});

describe('An execution', () => {
  it('that is cancelled cuts off what is on the wire, sends nothing more, and can then be deleted with all it brought', async () => {
    target.behave = ({ number }) => (number <= 30 ? { reply: 'fine' } : { hang: true });
    const orchestrator = await client.orchestrator('plain', { generatorId });
    const { id } = await client.execute(orchestrator, { prompts: numbered(1_200) });
    await until(() => target.requests === 40);
    await client.until(id, ({ coverage }) => coverage.answered === 30);
    const early = await client.ask('DELETE', `/api/v2/executions/${id}`);
    expect(early).toMatchObject({ status: 409, problem: { detail: expect.stringContaining('Cancel it') } });

    expect((await client.ask('POST', `/api/v2/executions/${id}/cancel`)).status).toBe(202);
    const ended = await client.ended(id, ({ coverage }) => expect(coverage.planned).toBe(1_200));
    expect(ended).toMatchObject({ state: 'cancelled', coverage: { answered: 30, cancelled: 1_170, open: 0, unknown: 0 } });
    await until(() => target.aborted === 10);
    expect(target.requests).toBe(40);
    expect((await client.ask('POST', `/api/v2/executions/${id}/cancel`)).json).toMatchObject({ state: 'cancelled' });
    const answered = await client.all<ResultDto>(`/api/v2/executions/${id}/results?state=answered`);
    expect(answered.every((result) => result.response === 'fine')).toBe(true);
    expect(answered).toHaveLength(30);

    await server.restart();
    expect(await client.execution(id)).toMatchObject({ state: 'cancelled' });
    expect(target.requests).toBe(40);
    await client.delete(`/api/v2/executions/${id}`);
    for (const path of ['', '/items', '/results', '/summary', '/export', '/events']) {
      expect((await client.ask('GET', `/api/v2/executions/${id}${path}`)).status).toBe(404);
    }
    expect(await client.get('/api/v2/memory/stats')).toEqual({ conversations: 0, messages: 0, scores: 0, prompts: 0, executions: 0 });
  }, 60_000);

  it('leaves conversations that can be found by their labels, and copied', async () => {
    const orchestrator = await judged();
    const one = await client.execute(orchestrator, { prompts: ['p7'], labels: { operation: 'autumn=1' } });
    const two = await client.execute(orchestrator, { prompts: ['p8'], labels: { operation: 'winter' } });
    await client.ended(one.id);
    await client.ended(two.id);
    const found = await client.all<MessageDto>('/api/v2/memory/messages?label=operation%3Dautumn%3D1');
    expect(found.map(({ role, convertedValue }) => [role, convertedValue])).toEqual([
      ['user', 'p7'],
      ['assistant', 'Answer to p7'],
    ]);

    const conversationId = found[0]?.conversationId ?? '';
    const copy = await client.post<{ conversationId: string }>(`/api/v2/memory/conversations/${conversationId}/duplicate`, undefined);
    const original = await client.get<ConversationDto>(`/api/v2/memory/conversations/${conversationId}`);
    const copied = await client.get<ConversationDto>(`/api/v2/memory/conversations/${copy.conversationId}`);
    expect(copied.messages.map((message) => message.originalPromptId)).toEqual(original.messages.map((message) => message.id));
    const scoresOf = ({ messages }: ConversationDto): Promise<MemoryScoreDto[]> =>
      client.all(`/api/v2/memory/scores?messageId=${messages.at(-1)?.id}`);
    expect(await scoresOf(copied)).toEqual(await scoresOf(original));
    expect(await scoresOf(copied)).toHaveLength(2);
    expect(await client.get('/api/v2/memory/stats')).toMatchObject({ conversations: 3, scores: 4 });
  });
});

async function until(reached: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !reached();) {
    if (Date.now() > deadline) throw new Error('That which was waited for did not come.');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
