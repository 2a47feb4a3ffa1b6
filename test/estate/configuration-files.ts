import { configurationTables, earlier } from './configuration-file.ts';
import type { Marks } from './marks.ts';
import { backupName, configurationName, FOLDERS, SALTS, unsaltedName } from './names.ts';
import { canonical, IMPOSSIBLE, SHARED, type Person } from './people.ts';
import type { PlannedFile } from './planned-file.ts';
import type { Table } from './table.ts';
import { UNASSIGNED } from './truth.ts';

/** Files with what people had configured: patterns A, B, C, H, I, and L where their writer was killed. */
export function configurationFiles(people: readonly Person[], marks: Marks): readonly PlannedFile[] {
  return [
    ...people.flatMap((person, index) => filesOf(person, index, marks)),
    ...[...SHARED, IMPOSSIBLE].map((name, index) => ({
      path: `${FOLDERS.configurations}/${configurationName(name, SALTS.api)}`,
      pattern: 'A',
      engine: 'duckdb' as const,
      tables: configurationTables(marks, { user: name, owner: UNASSIGNED, at: 5000 + index, namedAfterOwner: false }),
    })),
  ];
}

/** The tables of one more file of a person, under one of the names. @param at tells the files of a person apart */
export function tablesUnder(person: Person, name: string, at: number, marks: Marks, initialized = false): readonly Table[] {
  return configurationTables(marks, {
    user: name,
    owner: canonical(person.userName),
    at,
    // By hash alone it could be the one whose address begins with it.
    namedAfterOwner: name !== 'sam',
    initialized,
  });
}

function filesOf(person: Person, index: number, marks: Marks): readonly PlannedFile[] {
  const { userName, names } = person;
  const at = index * 100;
  const file = (pattern: string, folder: string, name: string, tables: readonly Table[]): PlannedFile => {
    return { path: `${folder}/${name}`, pattern, engine: 'duckdb', tables };
  };
  const main = tablesUnder(person, userName, at, marks);
  const mainName = configurationName(userName, SALTS.api);
  const files: PlannedFile[] = [
    { ...file('A', FOLDERS.configurations, mainName, main), ...(index % 7 === 1 ? { copy: `${FOLDERS.old}/${mainName}` } : {}) },
    file('C', FOLDERS.configurations, backupName(mainName, index), earlier(marks, main)),
  ];
  // The identity flips: another name, another file.
  for (const [flip, name] of names.slice(1).entries())
    files.push(file('A', FOLDERS.configurations, configurationName(name, SALTS.api), tablesUnder(person, name, at + 10 + flip, marks)));
  const own = configurationName(userName, SALTS.own);
  if (index % 5 < 3) files.push(file('B', FOLDERS.configurations, own, tablesUnder(person, userName, at + 20, marks, true)));
  if (index % 4 === 1) files.push(file('H', FOLDERS.volume, mainName, tablesUnder(person, userName, at + 30, marks)));
  if (index % 10 === 1) files.push(file('I', FOLDERS.old, unsaltedName(userName), tablesUnder(person, userName, at + 40, marks)));
  if (index % 7 === 5) files.push({ ...file('L', FOLDERS.volume, own, tablesUnder(person, userName, at + 50, marks)), killed: true });
  return files;
}
