import type { Random } from '#core';
import { tablesUnder } from './configuration-files.ts';
import type { History } from './history.ts';
import type { Marks } from './marks.ts';
import { bridgeName, FOLDERS, orchestratorName, proposedName, SALTS } from './names.ts';
import type { Person } from './people.ts';
import type { PlannedFile } from './planned-file.ts';
import { pyritTables, type Recorded } from './pyrit-file.ts';
import { schemaNamed, type PyritSchema } from './pyrit-schema.ts';
import type { Table } from './table.ts';

/** Of what generation the files are, one after the other; two at once for hybrids. Most were made when ViolentUTF was used most. */
const GENERATIONS = [
  'D14',
  'D13',
  'D14',
  'D07',
  'D14',
  'D18',
  'D05+D14',
  'D14',
  'D11',
  'D14',
  'D01',
  'D16',
  'D07+D18',
  'D14',
  'D09',
  'D02',
  'D17',
];

/** A file that conversations are recorded in. */
interface Place {
  readonly path: string;
  readonly pattern: string;
  readonly killed?: boolean;
  /** Of a file that holds configurations too. */
  readonly configurations?: readonly Table[];
  /** Nobody ran anything while this one was open. */
  readonly probe?: boolean;
}

/** How many orchestrators have their files in the folder with the spaces. */
const SPACED = 4;
/** In which place an execution is recorded, so that the executions of one person are everywhere. */
const STRIDE = 7;

/**
 * Files with conversations: patterns D, E, F, G, J, K, and L where their writer was killed. One process wrote for everybody, so every file has
 * conversations of several people; some are in two.
 */
export function pyritFiles(
  people: readonly Person[],
  histories: readonly History[],
  schemas: readonly PyritSchema[],
  marks: Marks,
  random: Random,
): readonly PlannedFile[] {
  const places = placesOf(people, histories[0]?.orchestrators.map(({ id }) => id) ?? [], marks);
  const used = places.filter(({ probe }) => probe !== true);
  const recorded = new Map<Place, Recorded[]>(places.map((place) => [place, []]));
  for (const [index, { exchanges, owner }] of histories.flatMap(({ executions }) => executions).entries()) {
    const first = used[(index * STRIDE) % used.length];
    const second = index % 9 === 8 ? used[(index * STRIDE + 1) % used.length] : undefined;
    for (const place of [first, second]) if (place) recorded.get(place)?.push(...exchanges.map((exchange) => ({ exchange, owner })));
  }
  const labelled = people.map(({ userName }) => userName);
  return places.map((place, index) => {
    const schema = schemaNamed(GENERATIONS[index % GENERATIONS.length] ?? 'D14', schemas);
    const tables = pyritTables(marks, random, { schema, conversations: recorded.get(place) ?? [], labelled, at: 10_000 + index * 10 });
    const { path, pattern, killed = false, configurations = [] } = place;
    return { path, pattern, killed, engine: 'duckdb', tables: [...configurations, ...tables] };
  });
}

function placesOf(people: readonly Person[], orchestratorIds: readonly string[], marks: Marks): readonly Place[] {
  const at = (pattern: string, folder: string, name: string): Place => ({ path: `${folder}/${name}`, pattern });
  const memories = orchestratorIds.map(orchestratorName);
  return [
    ...memories.slice(0, -SPACED).map((name) => at('D', FOLDERS.memories, name)),
    ...[FOLDERS.memories, FOLDERS.temporary, FOLDERS.volume].map((folder) => at('E', folder, 'orchestrator_memory.db')),
    ...people
      .filter((_, index) => index % 5 !== 0)
      .map(({ userName }) => at('F', FOLDERS.configurations, bridgeName(userName, SALTS.bridge))),
    ...people
      .filter((_, index) => index < 15 && index % 5 !== 4)
      .map((person, index) => ({
        ...at('G', FOLDERS.proposal, proposedName(person.userName, SALTS.own)),
        configurations: tablesUnder(person, person.userName, 7000 + index, marks),
      })),
    ...memories.slice(-SPACED).map((name) => at('K', FOLDERS.spaced, name)),
    ...memories.slice(0, 3).map((name) => ({ ...at('L', FOLDERS.temporary, name), killed: true })),
    ...[`${FOLDERS.memories}/test_memory.db`, 'tmp/test_pyrit_memory.db'].map((path) => ({ path, pattern: 'J', probe: true })),
  ];
}
