import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DatabaseSync } from 'node:sqlite';
import { makeDuckDb } from './testing/duckdb-files.js';
import { APP_DATA, Workspace } from './testing/fixtures.js';
import { Reading } from './testing/reading.js';

let workspace: Workspace;
beforeEach(async () => {
  workspace = await Workspace.create();
});
afterEach(() => workspace[Symbol.asyncDispose]());

async function readAppData(place: keyof typeof APP_DATA): Promise<Reading> {
  return Reading.of(`${await workspace.unpackAppData()}/${APP_DATA[place]}`);
}

describe('reading ViolentUTF', () => {
  it('reads what one person had configured', async () => {
    const reading = await readAppData('configuration');
    expect(reading.unreadable).toEqual([]);
    expect(reading.sums).toEqual({
      converters: '0 = 0 + 0 + 0',
      dataset_prompts: '4500 = 4500 + 0 + 0',
      datasets: '3 = 3 + 0 + 0',
      generators: '1 = 1 + 0 + 0',
      scorers: '2 = 2 + 0 + 0',
      user_sessions: '1 = 1 + 0 + 0',
    });
    expect(reading.of('generator')[0]?.value).toMatchObject({
      name: 'gen1',
      type: 'AI Gateway',
      parameters: { provider: 'openai', model: 'gpt-4o', temperature: 0.1 },
      userId: 'violentutf.web',
      createdAt: { text: '2026-11-21 00:21:23.294215', at: '2026-11-21T00:21:23.294Z', assumption: 'utc' },
    });
    expect(reading.of('scorer').map(({ value }) => [value.name, value.type])).toEqual([
      ['sub1', 'SubStringScorer'],
      ['lik1', 'SelfAskLikertScorer'],
    ]);
    const datasets = new Set(reading.of('dataset').map(({ value }) => value.id));
    const prompts = reading.of('prompt');
    for (const { value } of prompts) expect(datasets.has(value.datasetId)).toBe(true);
    for (const dataset of datasets) {
      const positions = prompts.filter(({ value }) => value.datasetId === dataset).map(({ value }) => value.position);
      expect(positions.sort((a, b) => (a ?? 0) - (b ?? 0))).toEqual(Array.from({ length: 1500 }, (_, position) => position));
    }
    expect(prompts.filter(({ notes }) => notes.length > 0).length).toBeGreaterThan(0);
    for (const { value, notes } of prompts) expect(notes.length).toBe(value.value.length === 1000 ? 1 : 0);
    expect(reading.of('session')[0]?.value).toMatchObject({ userId: 'violentutf.web', key: 'main_session' });
  });

  it('reads the history that only the results of executions hold, and says what is wrong with it', async () => {
    const reading = await readAppData('service');
    expect(reading.unreadable).toEqual([]);
    expect(reading.sums).toEqual({
      api_keys: '1 = 1 + 0 + 0',
      orchestrator_configurations: '1 = 1 + 0 + 0',
      orchestrator_executions: '5 = 5 + 0 + 0',
    });
    expect(reading.of('orchestrator')[0]?.value).toMatchObject({
      id: '615a71ea-de62-42b2-83c9-aefc00e3a564',
      createdBy: 'violentutf.web',
      tags: ['scorer_test'],
    });
    const executions = reading.of('execution').map(({ value }) => value);
    const ofDataset = executions.find(({ name }) => name === 'test_harm_100000');
    const ofList = executions.find(({ id }) => id === 'b844f1c4-a4b9-403b-97cf-3930e830e1cc');
    expect(ofDataset?.exchanges).toMatchObject([
      {
        prompt: 'h 300',
        promptSource: 'reported',
        response: 'echo: h 300',
        responseError: 'none',
        conversationId: 'c0d5c6a3-5bf2-4554-8f13-4adf01b6d122',
      },
      { prompt: 'h 535', promptSource: 'reported', response: 'echo: h 535' },
    ]);
    expect(ofDataset?.scores.map(({ repeats, strayed, synthetic, value }) => [repeats, strayed, synthetic, value])).toEqual([
      [null, false, false, 'true'],
      [null, false, false, 'true'],
      [0, false, false, 'true'],
      [1, false, false, 'true'],
    ]);
    // ViolentUTF reported the prompt of the execution before; the list that was sent tells what it was.
    expect(ofList?.exchanges).toMatchObject([{ prompt: 'Hello', promptSource: 'input', reportedPrompt: 'h 300', response: 'echo: Hello' }]);
    const own = ofList?.scores.filter(({ strayed, repeats }) => !strayed && repeats === null);
    expect(own).toHaveLength(1);
    expect(own?.[0]?.conversationId).toBe(ofList?.exchanges[0]?.conversationId);
    expect(ofList?.scores.filter(({ strayed }) => strayed)).toHaveLength(4);
    const madeUp = executions.flatMap(({ scores }) => scores).filter(({ synthetic }) => synthetic);
    expect(madeUp.length).toBeGreaterThan(0);
    expect(madeUp[0]).toMatchObject({ scorerName: 'Safety_Fallback_Scorer', value: '0.5', scoreType: 'float_scale' });
    expect(executions.filter(({ error }) => error !== null).map(({ status, exchanges }) => [status, exchanges.length])).toEqual([
      ['failed', 0],
      ['failed', 0],
    ]);
    expect(reading.of('apiKey')[0]?.value).toMatchObject({ userId: 'violentutf.web', active: false, permissions: ['api:access'] });
  });

  it('keeps the row verbatim beside what it became', async () => {
    const path = `${await workspace.unpackAppData()}/${APP_DATA.service}`;
    const reading = await Reading.of(path);
    const sqlite = new DatabaseSync(path, { readOnly: true });
    const stored = sqlite.prepare('select rowid as r, * from orchestrator_executions').all();
    sqlite.close();
    expect(reading.of('execution').map(({ provenance, original }) => ({ r: provenance.row, ...original }))).toEqual(
      stored.map((row) => ({ ...row })),
    );
  });

  it('finds secrets in parameters, and what nobody ever filled is carried', async () => {
    const path = await makeDuckDb(workspace.at('secrets.db'), [
      'create table generators (id text, name text, type text, parameters text, status text, created_at timestamp, updated_at timestamp, user_id text, test_results text)',
      `insert into generators values ('1', 'g', 't', '{"api_key": "sk-1", "max_tokens": 5, "headers": {"X-Api-Key": "k", "a/b": {"authToken": "t"}}, "key": "", "tokenizer": "x"}', 'ready', null, null, 'ann', null)`,
      'create table conversations (id text, user_id text, created_at timestamp, metadata text)',
      `insert into conversations values ('c', 'ann', null, '{}')`,
    ]);
    const reading = await Reading.of(path);
    expect(reading.of('generator')[0]?.value.secrets).toEqual(['/api_key', '/headers/X-Api-Key', '/headers/a~1b/authToken']);
    expect(reading.of('carried')[0]).toMatchObject({ provenance: { table: 'conversations' }, original: { user_id: 'ann' } });
  });

  it('is not put off by results of any shape', async () => {
    const sqlite = new DatabaseSync(workspace.at('odd.sqlite'));
    sqlite.exec(`create table orchestrator_executions (id, orchestrator_id, execution_type, input_data, results, created_by)`);
    const insert = sqlite.prepare('insert into orchestrator_executions values (?, ?, ?, ?, ?, ?)');
    const shapes = [
      'null',
      '[]',
      '7',
      '"text"',
      'not json',
      '{"prompt_request_responses": {"a": 1}, "scores": 5}',
      '{"prompt_request_responses": [null, 3, {"request": "x"}], "scores": [null, {"score_value": NaN}]}',
    ];
    for (const [index, shape] of shapes.entries())
      insert.run(`${index}`, 'o', 'prompt_list', '{"prompt_list": ["only one"]}', shape, 'ann');
    insert.run(null, 'o', 'x', null, null, null);
    sqlite.close();
    const reading = await Reading.of(workspace.at('odd.sqlite'));
    expect(reading.sums).toEqual({ orchestrator_executions: `8 = 7 + 1 + 0` });
    const [last] = reading.of('execution').slice(-1);
    expect(last?.value.exchanges.map(({ prompt, promptSource }) => [prompt, promptSource])).toEqual([
      [null, 'unknown'],
      [null, 'unknown'],
      [null, 'unknown'],
    ]);
    expect(last?.value.scores).toHaveLength(2);
  });
});
