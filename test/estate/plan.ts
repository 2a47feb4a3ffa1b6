import { seededRandom } from '#core';
import { configurationFiles } from './configuration-files.ts';
import { damagedFiles } from './damaged-files.ts';
import { historyOf, type History } from './history.ts';
import { Marks } from './marks.ts';
import { peopleOf, type Person } from './people.ts';
import type { PlannedFile } from './planned-file.ts';
import { pyritFiles } from './pyrit-files.ts';
import { pyritSchemas } from './pyrit-schema.ts';
import { serviceFiles } from './service-files.ts';

export interface EstateOptions {
  readonly seed?: string;
  /** From 1 to 20, who have 200 files. */
  readonly people?: number;
  /** Without the files that are spoilt in one way or the other, one of which is held by another process. */
  readonly sound?: boolean;
}

/** All that an estate will hold. */
export interface EstatePlan {
  readonly people: readonly Person[];
  readonly histories: readonly History[];
  readonly planned: readonly PlannedFile[];
}

/** Says what an estate holds before any of it is written: the same for the same seed. */
export async function planEstate({ seed = 'estate', people: count = 20, sound = false }: EstateOptions = {}): Promise<EstatePlan> {
  const marks = new Marks(seed);
  const random = seededRandom(seed);
  const schemas = await pyritSchemas();
  const people = peopleOf(count);
  // The second is of a later time, and in a database of its own.
  const histories = [historyOf(people, marks, random), historyOf(people.slice(0, 5), marks, random)];
  const planned = [
    ...configurationFiles(people, marks),
    ...pyritFiles(people, histories, schemas, marks, random),
    ...serviceFiles(people, histories, marks),
    ...(sound ? [] : damagedFiles(people, schemas, marks, random)),
  ];
  return { people, histories, planned };
}
