import type { History } from './history.ts';
import type { Marks } from './marks.ts';
import { FOLDERS } from './names.ts';
import type { Person } from './people.ts';
import type { PlannedFile } from './planned-file.ts';
import { serviceTables } from './service-database.ts';

/**
 * Pattern M, three times: the database that all users shared; what half of it had been, its ids written in the other way; and one of a later time,
 * whose writer was killed.
 */
export function serviceFiles(people: readonly Person[], histories: readonly History[], marks: Marks): readonly PlannedFile[] {
  const [main, later] = histories;
  if (!main || !later) throw new Error('There are two histories.');
  return [
    {
      path: `${FOLDERS.configurations}/violentutf_api.db`,
      pattern: 'M',
      engine: 'sqlite',
      tables: serviceTables(marks, { history: main, people, dashes: false }),
    },
    {
      path: `${FOLDERS.service}/violentutf.db`,
      pattern: 'M',
      engine: 'sqlite',
      tables: serviceTables(marks, { history: firstHalf(main), people: [], dashes: true }),
    },
    {
      path: `${FOLDERS.volume}/violentutf_api.db`,
      pattern: 'M',
      engine: 'sqlite',
      tables: serviceTables(marks, { history: later, people: people.slice(0, 5), dashes: false }),
      killed: true,
    },
  ];
}

function firstHalf({ orchestrators, executions }: History): History {
  const kept = new Set(orchestrators.slice(0, Math.floor(orchestrators.length / 2)));
  return { orchestrators: [...kept], executions: executions.filter(({ orchestrator }) => kept.has(orchestrator)) };
}
