import type { MigrationAssignment } from '#catalog';
import { canonicalJson, sha256, type JsonValue } from '#core';
import type { FileTally } from './file-tally.js';
import type { MemoryAccount } from './memory-account.js';
import type { Person } from './people.js';
import type { ScanReport } from './scan-report.js';

/** What a run would do, and all that it depends on: the files by their content, and who is who. */
export interface PlanBody {
  readonly scan: ScanReport;
  readonly people: readonly Person[];
  readonly assignments: readonly MigrationAssignment[];
  readonly files: readonly FileTally[];
  readonly memories: readonly MemoryAccount[];
  /** How long it took to try out, which is about what the run will take. */
  readonly seconds: number;
}

/** What a run has done so far. */
export interface RunBody {
  readonly planId: string;
  readonly planHash: string;
  /** The users of the people of the plan, by key. */
  readonly userIds: Readonly<Record<string, string>>;
  /** Null until all rows have been received. */
  readonly files: readonly FileTally[] | null;
  /** Keys of the people whose rows came in; null for nobody's. */
  readonly recipients: readonly (string | null)[];
  readonly memories: readonly MemoryAccount[];
  /** Why it did not come to its end; null otherwise. */
  readonly failure: string | null;
  readonly undone: readonly UndoneMemory[];
}

/** What was taken back of a memory, and how many rows stay for which reason. */
export interface UndoneMemory {
  readonly person: string | null;
  readonly removed: number;
  readonly kept: readonly { readonly noun: string; readonly reason: string; readonly rows: number; readonly ids: readonly string[] }[];
}

/** A hash of what a plan says: not of how long it took, nor of the digests, in which ids are that are made anew each time. */
export function planHash({ scan, people, assignments, files, memories }: PlanBody): string {
  const accounts = memories.map(({ person, accounts, reasons }) => ({ person, accounts, reasons }));
  const read = scan.files.map(({ path, sha256 }) => ({ path, sha256 }));
  return sha256(canonicalJson({ read, people, assignments, files, accounts } as unknown as JsonValue));
}
