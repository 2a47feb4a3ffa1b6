import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DatabaseSync } from 'node:sqlite';
import { catalogue, creates, idOf, inserts, makeSchema } from './testing/catalogue.js';
import { makeDuckDb } from './testing/duckdb-files.js';
import { Workspace } from './testing/fixtures.js';
import { pyritSqliteHistory } from './testing/pyrit-sqlite-history.js';
import { Reading } from './testing/reading.js';

let workspace: Workspace;
beforeEach(async () => {
  workspace = await Workspace.create();
});
afterEach(() => workspace[Symbol.asyncDispose]());

describe('reading PyRIT', () => {
  it('reads every column of every row of all 18 schemas, and accounts for each', async () => {
    const ROWS = 3;
    let columnsSeen = 0;
    for (const schema of await catalogue()) {
      const path = workspace.at(`${schema.schema_id}.db`);
      await makeSchema(path, schema, ROWS);
      const reading = await Reading.of(path);
      expect(reading.unreadable).toEqual([]);
      expect(reading.rows.flatMap(({ notes }) => notes).filter((note) => !note.includes('no JSON'))).toEqual([]);
      expect(reading.accounts.map(({ table }) => table).sort()).toEqual(Object.keys(schema.tables).sort());
      for (const account of reading.accounts) {
        expect(account.rows).toBe(ROWS);
        expect(account.read + (account.unreadable ?? 0) + account.skipped).toBe(ROWS);
        expect(account.skipped).toBe(/Embedding|^Score$/.test(account.table) ? ROWS : 0);
        const rows = reading.rows.filter(({ provenance }) => provenance.table === account.table);
        expect(rows.map(({ provenance }) => provenance.row)).toEqual(rows.map((_, index) => index));
        const columns = schema.tables[account.table]?.columns ?? [];
        for (const { original } of rows) {
          expect(Object.keys(original)).toEqual(columns.map(({ name }) => name));
          expect(Object.values(original)).not.toContain(null);
          columnsSeen += columns.length;
        }
      }
      for (const { provenance, noun, value } of reading.of('message')) {
        const number = provenance.row + 1;
        const copyOf = 'original_prompt_id' in (reading.rows[0]?.original ?? {}) || Number(schema.schema_id.slice(1)) >= 10;
        expect(noun).toBe('message');
        expect(value).toMatchObject({
          id: idOf(number),
          conversationId: `conversation ${number % 2}`,
          role: number % 2 === 0 ? 'user' : 'assistant',
          responseError: 'none',
          originalDataType: 'text',
          originalPromptId: copyOf && number === 3 ? idOf(1) : idOf(number),
          sentAt: { text: `2024-03-0${number + 1} 12:34:56.789012`, at: `2024-03-0${number + 1}T12:34:56.789Z` },
        });
        expect(value.originalValue).toMatch(new RegExp(`^\\w+\\.(?:content|original_value|original_prompt_text) ${number} – ünïcödé$`));
        expect(value.sentAt?.assumption).toBe(Number(schema.schema_id.slice(1)) < 10 ? 'utc' : 'local-as-utc');
        if (schema.schema_id === 'D01') {
          expect(value).toMatchObject({ sequence: null, labels: { one: '', two: '' }, convertedValue: null, orchestratorId: null });
          continue;
        }
        expect(value).toMatchObject({
          sequence: number,
          labels: { operator: 'roakey', operation: 'op', number: '7' },
          converters: [{ __type__: 'Base64Converter' }],
          orchestratorId: idOf(900),
          target: { __module__: 'pyrit' },
        });
        expect(value.convertedValue).toContain(`converted_`);
        expect(Object.keys(value.metadata)).toHaveLength(1);
      }
      for (const { value, provenance } of reading.of('score')) {
        expect(value).toMatchObject({
          id: idOf(provenance.row + 1),
          messageId: idOf(provenance.row + 1),
          scoreType: 'true_false',
          value: 'true',
          scorerName: 'Ofscorer_class_identifier',
        });
        expect(value.scoredAt?.assumption).toBe(
          ['D07', 'D08'].includes(schema.schema_id) ? 'process-start' : schema.schema_id === 'D09' ? 'utc' : 'local-as-utc',
        );
      }
      for (const { value } of reading.of('seed'))
        expect(value).toMatchObject({
          harmCategories: ['illegal'],
          authors: ['ann'],
          groups: ['red'],
          parameters: ['thing'],
          addedAt: { assumption: 'process-start' },
        });
      for (const { value } of reading.of('attackResult'))
        expect(value).toMatchObject({ prunedConversationIds: [], turns: expect.any(Number), attack: { __type__: 'Ofattack_identifier' } });
    }
    expect(columnsSeen).toBeGreaterThan(1_500);
  });

  it('reads the files that PyRIT wrote', async () => {
    const sums: Record<string, unknown> = {};
    for (const name of ['pyrit-v0.4.0.db', 'pyrit-v0.6.0.db', 'pyrit-v0.9.0.db']) {
      const reading = await Reading.of(await workspace.unpack(name));
      expect(reading.unreadable).toEqual([]);
      sums[name] = reading.sums;
      const messages = reading.of('message').map(({ value }) => value);
      expect(messages.filter(({ originalValue }) => originalValue === 'Tell me a joke – ünïcödé 🦝')).toHaveLength(2);
      expect(messages[1]).toMatchObject({
        role: 'user',
        sequence: 1,
        convertedValue: 'VGVsbCBtZSBhIGpva2U=',
        converters: [{ __type__: 'Base64Converter' }],
        labels: { operation: 'op_legacy', operator: 'roakey' },
      });
      const [score] = reading.of('score');
      expect(score?.value).toMatchObject({
        scorerName: 'SelfAskTrueFalseScorer',
        scoreType: 'true_false',
        value: 'true',
        category: 'humour',
        rationale: 'it is a joke',
      });
      expect(messages.map(({ id }) => id)).toContain(score?.value.messageId);
      if (name === 'pyrit-v0.4.0.db') {
        // Before 0.5 nothing said which message a copy is a copy of.
        expect(messages.every(({ id, originalPromptId }) => id === originalPromptId)).toBe(true);
        expect(messages[1]?.metadata).toEqual({ value: 'free text metadata' });
        continue;
      }
      const copies = messages.filter(({ id, originalPromptId }) => id !== originalPromptId);
      expect(copies.map(({ originalPromptId }) => originalPromptId)).toEqual(messages.slice(0, 3).map(({ id }) => id));
      const seeds = reading.of('seed').map(({ value }) => value);
      expect(seeds.map(({ value, datasetName }) => [value, datasetName])).toEqual([
        ['How to {{ thing }}?', 'ds'],
        ['two', 'ds'],
      ]);
    }
    const sum = { EmbeddingData: '1 = 0 + 0 + 1', PromptMemoryEntries: '6 = 6 + 0 + 0', ScoreEntries: '1 = 1 + 0 + 0' };
    const seeds = { SeedPromptEntries: '2 = 2 + 0 + 0' };
    expect(sums).toEqual({ 'pyrit-v0.4.0.db': sum, 'pyrit-v0.6.0.db': { ...sum, ...seeds }, 'pyrit-v0.9.0.db': { ...sum, ...seeds } });
  });

  it('reads rows that are only in the log, and names them by file and log together', async () => {
    const path = await workspace.unpack('walonly-0.9.0.db', 'w/only.db');
    await workspace.unpack('walonly-0.9.0.db.wal', 'w/only.db.wal');
    const reading = await Reading.of(workspace.at('w'));
    expect(reading.sums).toEqual({
      EmbeddingData: '5 = 0 + 0 + 5',
      PromptMemoryEntries: '300 = 300 + 0 + 0',
      ScoreEntries: '20 = 20 + 0 + 0',
      SeedPromptEntries: '0 = 0 + 0 + 0',
    });
    expect(reading.of('message')[299]?.value.originalValue).toBe('hello 299');
    const orphan = await Reading.of(await workspace.unpack('walonly-0.9.0.db.wal', 'o/only.db.wal'));
    expect(orphan.of('message').map(({ value }) => value)).toEqual(reading.of('message').map(({ value }) => value));
    expect(new Set([path, reading.rows[0]?.provenance.file, orphan.rows[0]?.provenance.file]).size).toBe(3);
  });

  it('reads a hybrid, and what it has beyond its schema', async () => {
    const schemas = await catalogue();
    const [old, fresh] = [schemas[6], schemas[13]];
    if (!old || !fresh) throw new Error('The catalogue lacks schemas.');
    const path = await makeDuckDb(workspace.at('hybrid.db'), [
      ...creates(old),
      ...inserts(old, 2),
      ...creates(fresh, ['SeedPromptEntries']),
      ...inserts(fresh, 3, ['SeedPromptEntries']),
      'alter table "PromptMemoryEntries" add column tenant varchar',
      `update "PromptMemoryEntries" set tenant = 'acme'`,
      `create table notes ("__proto__" varchar); insert into notes values ('kept')`,
    ]);
    const reading = await Reading.of(path);
    expect(reading.recognition.hybrid).toBe(true);
    expect(reading.sums).toEqual({
      EmbeddingData: '2 = 0 + 0 + 2',
      PromptMemoryEntries: '2 = 2 + 0 + 0',
      ScoreEntries: '2 = 2 + 0 + 0',
      SeedPromptEntries: '3 = 3 + 0 + 0',
      notes: '1 = 1 + 0 + 0',
    });
    expect(reading.of('message')[0]?.original['tenant']).toBe('acme');
    expect(reading.of('message')[0]?.value.sentAt?.assumption).toBe('utc');
    expect(Object.entries(reading.of('carried')[0]?.original ?? {})).toEqual([['__proto__', 'kept']]);
  });

  it("says which rows can't be read and why, and reads the others", async () => {
    const schema = (await catalogue())[13];
    if (!schema) throw new Error('The catalogue lacks schemas.');
    const path = await makeDuckDb(workspace.at('odd.db'), [
      ...creates(schema).map((sql) =>
        sql.replaceAll(' not null', '').replace('"labels" JSON', '"labels" VARCHAR').replace('"sequence" INTEGER', '"sequence" VARCHAR'),
      ),
      ...inserts(schema, 6, ['PromptMemoryEntries', 'ScoreEntries']),
      `update "PromptMemoryEntries" set original_value = null where id = '${idOf(1)}'`,
      `update "PromptMemoryEntries" set labels = 'secret {' where id = '${idOf(2)}'`,
      `update "PromptMemoryEntries" set role = 'tool', sequence = 'three' where id = '${idOf(3)}'`,
      `update "PromptMemoryEntries" set labels = '{"a": NaN, "b": [1], "NaN": "-Infinity"}', prompt_metadata = 'null', timestamp = 'infinity' where id = '${idOf(4)}'`,
      `update "PromptMemoryEntries" set converted_value = null, converter_identifiers = null, sequence = '-1' where id = '${idOf(5)}'`,
      `update "ScoreEntries" set score_type = 'float_scale', score_value = '0.80' where id = '${idOf(2)}'`,
      `update "ScoreEntries" set score_type = 'float_scale', score_value = '7' where id = '${idOf(3)}'`,
      `update "ScoreEntries" set score_type = 'unknown', score_value = 'maybe', prompt_request_response_id = null where id = '${idOf(4)}'`,
    ]);
    const reading = await Reading.of(path);
    expect(reading.sums['PromptMemoryEntries']).toBe('6 = 5 + 1 + 0');
    expect(reading.unreadable).toMatchObject([
      { table: 'PromptMemoryEntries', rows: 1, reason: 'Its column original_value is empty.', original: { id: idOf(1) } },
    ]);
    const messages = new Map(reading.of('message').map((row) => [row.value.id, row]));
    expect(messages.get(idOf(2))).toMatchObject({
      value: { labels: { value: 'secret {' } },
      notes: ['Its column labels is no JSON and was kept as text.'],
    });
    expect(messages.get(idOf(3))).toMatchObject({ value: { role: null, storedRole: 'tool', sequence: null } });
    expect(messages.get(idOf(3))?.notes).toHaveLength(2);
    expect(messages.get(idOf(4))).toMatchObject({
      value: { labels: { a: 'null', b: '[1]', NaN: '-Infinity' }, metadata: {}, sentAt: { text: 'infinity', at: null } },
      notes: [],
    });
    expect(messages.get(idOf(5))?.value).toMatchObject({ convertedValue: null, converters: [], sequence: -1 });
    for (const { notes } of reading.rows) for (const note of notes) expect(note).not.toContain('secret');
    const scores = new Map(
      reading.of('score').map(({ value: { id, scoreType, value, messageId } }) => [id, [scoreType, value, messageId !== null]]),
    );
    expect([1, 2, 3, 4].map((number) => scores.get(idOf(number)))).toEqual([
      ['true_false', 'true', true],
      ['float_scale', '0.8', true],
      [null, '7', true],
      [null, 'maybe', false],
    ]);
  });

  it("reads PyRIT's SQLite files from the first to the newest", async () => {
    const ids = [idOf(1), idOf(2)];
    for (const [version, statements] of Object.entries(await pyritSqliteHistory())) {
      const path = workspace.at(`${version}.sqlite`);
      const sqlite = new DatabaseSync(path, { enableForeignKeyConstraints: false });
      for (const statement of statements) sqlite.exec(statement);
      fillSqlite(sqlite, ids);
      sqlite.close();
      const reading = await Reading.of(path);
      expect(reading.unreadable).toEqual([]);
      for (const { rows, read, unreadable, skipped } of reading.accounts) expect(read + (unreadable ?? 0) + skipped).toBe(rows);
      const tables = reading.accounts.filter(({ rows }) => (rows ?? 0) > 0).map(({ table, rows }) => [table, rows]);
      expect(tables).toEqual(
        expect.arrayContaining([
          ['PromptMemoryEntries', 2],
          ['ScoreEntries', 2],
          ['SeedPromptEntries', 2],
          ['AttackResultEntries', 2],
        ]),
      );
      expect(reading.of('message').map(({ value }) => value.id)).toEqual(ids);
      expect(reading.of('score')[0]?.value).toMatchObject({
        messageId: ids[0],
        value: 'true',
        category: 'illegal, hate',
      });
      expect(reading.of('attackResult')[0]?.value).toMatchObject({ outcome: 'success', turns: 2 });
      const assumption = version.startsWith('1.1') ? 'utc' : 'local-as-utc';
      expect(reading.of('message')[0]?.value.sentAt).toEqual({
        text: '2025-10-01 10:00:00.123456',
        at: '2025-10-01T10:00:00.123Z',
        assumption,
      });
    }
  });
});

/** Fills the tables that every release has, each column with something. */
function fillSqlite(sqlite: DatabaseSync, ids: readonly string[]): void {
  const texts: Readonly<Record<string, string>> = {
    role: 'user',
    score_type: 'true_false',
    score_value: 'True',
    score_category: '["illegal", "hate"]',
    outcome: 'success',
    timestamp: '2025-10-01 10:00:00.123456',
    date_added: '2025-10-01 10:00:00.123456',
    conversation_id: 'c',
  };
  for (const table of ['PromptMemoryEntries', 'ScoreEntries', 'SeedPromptEntries', 'AttackResultEntries', 'EmbeddingData']) {
    const columns = sqlite.prepare('select name, type from pragma_table_info(?)').all(table);
    for (const [index, id] of ids.entries()) {
      const values = columns.map(({ name, type }) => {
        if (name === 'id' && table === 'EmbeddingData') return id.replaceAll('-', '');
        if (name === 'id' || name === 'prompt_request_response_id' || name === 'original_prompt_id') return id;
        const text = texts[String(name)];
        if (text !== undefined) return text;
        if (String(type) === 'INTEGER' || String(type) === 'integer' || String(type) === 'boolean') return index + 2;
        return /json/i.test(String(type)) ? '{"class_name": "Named"}' : `${String(name)} ${index}`;
      });
      const names = columns.map(({ name }) => `"${String(name)}"`).join(', ');
      sqlite.prepare(`insert into "${table}" (${names}) values (${values.map(() => '?').join(', ')})`).run(...values);
    }
  }
}
