import type { Random } from '#core';
import { tablesUnder } from './configuration-files.ts';
import { cutOff, flipInBlocks, flipInHeader, flipInLog, spoilMagic } from './damage.ts';
import type { Marks } from './marks.ts';
import { configurationName, FOLDERS, SALTS } from './names.ts';
import type { Person } from './people.ts';
import type { Damage, PlannedFile } from './planned-file.ts';
import { pyritTables } from './pyrit-file.ts';
import { schemaNamed, type PyritSchema } from './pyrit-schema.ts';
import type { Row, Table } from './table.ts';
import { UNASSIGNED } from './truth.ts';

const KEY = 'a key that is lost';
/** So many messages fill several blocks, of which one is spoilt. */
const MESSAGES = 1_500;
const TEXT = 'no pattern to be found in this';

const GONE: readonly (readonly [what: string, damage: Damage])[] = [
  ['truncated', { readable: 'not', findings: ['truncated', 'damaged'], spoil: (path) => cutOff(path, 0.55) }],
  ['header flipped', { readable: 'not', findings: ['damaged'], spoil: flipInHeader }],
  ['log flipped', { readable: 'partly', findings: ['log-damaged', 'log-torn'], spoil: (path) => flipInLog(path, 0.6) }],
  ['zero length', { readable: 'not', findings: ['empty'], content: '' }],
  [
    'a text',
    {
      readable: 'not',
      findings: ['not-a-database'],
      content: 'id,name\n1,a list that was saved under the name of a database\n'.repeat(90),
    },
  ],
  ['encrypted', { readable: 'not', findings: ['encrypted'], key: KEY }],
  ['orphan log', { readable: 'whole', findings: ['orphan-log'], orphan: true }],
  ['held', { readable: 'not', findings: ['held'], held: true }],
  ['wrong magic', { readable: 'not', findings: ['not-a-database'], spoil: spoilMagic }],
];

/** One file for each way in which a file can be spoilt. They are called as whole ones are. @param people at least one */
export function damagedFiles(
  people: readonly Person[],
  schemas: readonly PyritSchema[],
  marks: Marks,
  random: Random,
): readonly PlannedFile[] {
  const gone = GONE.map(([pattern, damage], index): PlannedFile => {
    const person = people[index % people.length] as Person;
    // Under a salt that nobody knows any more: what can be read says itself whose it is.
    const name = configurationName(person.userName, `a forgotten salt ${index}`);
    const tables = tablesUnder(person, person.userName, 8000 + index, marks).map(ofNobodyUnlessNamed);
    const killed = pattern === 'log flipped' || pattern === 'orphan log';
    return { path: `${FOLDERS.old}/${name}`, pattern, engine: 'duckdb', tables, killed, damage };
  });
  return [
    ...gone,
    {
      path: `${FOLDERS.old}/orchestrator_memory.db`,
      pattern: 'block flipped',
      engine: 'duckdb',
      tables: longMessages(schemaNamed('D14', schemas), marks, random),
      damage: { readable: 'partly', findings: [], spoil: (path) => flipInBlocks(path, 0.4) },
    },
    {
      path: `${FOLDERS.old}/${configurationName('billing', SALTS.api)}`,
      pattern: 'foreign',
      engine: 'duckdb',
      tables: [foreign(marks)],
      damage: { readable: 'not', findings: ['foreign'] },
    },
  ];
}

/** Without the name of the file, rows that name nobody are nobody's. */
function ofNobodyUnlessNamed(table: Table): Table {
  const named = (row: Row): boolean => row.fate !== 'aside' && row.cells['user_id'] !== '';
  return { ...table, rows: table.rows.map((row) => (named(row) || table.name === 'user_sessions' ? row : { ...row, owner: UNASSIGNED })) };
}

function longMessages(schema: PyritSchema, marks: Marks, random: Random): readonly Table[] {
  const noise = (): string => Array.from({ length: 40 }, () => random.integer(2 ** 32).toString(36)).join('');
  return pyritTables(marks, random, { schema, conversations: [], labelled: ['nobody'], at: 9000 }).map((table) => {
    if (table.name !== 'PromptMemoryEntries') return table;
    const [pattern] = table.rows;
    if (!pattern) throw new Error('There is no message to make others of.');
    const more = Array.from({ length: MESSAGES }, (): Row => {
      const [id, mark] = [marks.id(), marks.mark()];
      const text = `${TEXT} ${mark} ${noise()}`;
      const cells = {
        ...pattern.cells,
        id,
        conversation_id: marks.id(),
        original_value: text,
        converted_value: null,
        original_prompt_id: id,
      };
      return { cells, mark, owner: UNASSIGNED, fate: 'taken' };
    });
    return { ...table, rows: [...table.rows, ...more] };
  });
}

function foreign(marks: Marks): Table {
  const rows = Array.from({ length: 5 }, (_, index): Row => {
    const mark = marks.mark();
    return { cells: { number: index, customer: mark }, mark, owner: UNASSIGNED, fate: 'left-out' };
  });
  return { name: 'invoices', create: 'create table invoices (number integer, customer varchar)', rows };
}
