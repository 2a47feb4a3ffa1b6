import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { InvalidInput } from '#core';
import { isOpenDatabaseFile } from '#database';
import {
  discover,
  isFinding,
  openLegacy,
  readLegacy,
  recognise,
  type Candidate,
  type LegacyDatabase,
  type LegacyRow,
  type Recognition,
  type TableAccount,
  type UnreadableRows,
} from '#legacy';
import { Config } from '../config/config.js';
import { Knowledge } from './knowledge.js';
import type { Progress } from './progress.js';
import { fileReport, foundReport, type FileReport, type FoundReport, type ScanReport } from './scan-report.js';

/** Old files that can be read, and what they say of each other. */
export interface Scanned {
  readonly report: ScanReport;
  /** Those whose rows are to be read, each content once. */
  readonly candidates: readonly Candidate[];
  readonly knowledge: Knowledge;
}

/** A row of an old file, or how many of a table there were, with the table. */
export type FileRow = (LegacyRow | UnreadableRows | TableAccount) & { readonly family: Recognition['tables'][number]['family'] };

/** The old files under the roots of `LEGACY_ROOTS`: no request names a path. They are read, never changed. */
@Injectable()
export class LegacyFiles {
  constructor(private readonly config: Config) {}

  /** @throws InvalidInput when there is nothing to search. */
  assertRoots(): void {
    if (this.config.legacyRoots.length > 0) return;
    throw new InvalidInput('LEGACY_ROOTS names no directories, so there is nothing to search. Set it, and start the server again.');
  }

  /**
   * Looks through the roots and reads what tells whose something is.
   * @param only the contents that count, by hash; all when left out.
   * @throws InvalidInput when there are no roots; the reason of `signal` when it is aborted.
   */
  async scan(progress: Progress, only?: ReadonlySet<string>): Promise<Scanned> {
    const { legacyRoots: roots } = this.config;
    this.assertRoots();
    const files: FileReport[] = [];
    const findings: FoundReport[] = [];
    const candidates: Candidate[] = [];
    const knowledge = new Knowledge();
    const known = new Map<string, string>();
    for await (const found of discover(roots, { isOpenHere: isOpenDatabaseFile, signal: progress.signal })) {
      if (found.kind === 'finding') {
        findings.push(foundReport(found));
        continue;
      }
      progress.file();
      if (only?.has(found.contentSha256) === false) continue;
      const sameAs = known.get(found.contentSha256) ?? null;
      known.set(found.contentSha256, sameAs ?? found.path);
      if (sameAs !== null) {
        files.push(fileReport(found, null, new Map(), sameAs));
        continue;
      }
      const looked = await this.#lookInto(found, knowledge, progress);
      findings.push(...looked.findings);
      files.push(fileReport(found, looked.recognition, knowledge.namesIn(found.contentSha256)));
      if (looked.recognition) candidates.push(found);
    }
    return { report: { roots, files, findings }, candidates, knowledge };
  }

  /** Reads a file from beginning to end. A file that changed since it was scanned, or is gone, throws. @throws InvalidInput */
  async *rows(candidate: Candidate, progress: Progress): AsyncGenerator<FileRow> {
    const database = await this.#open(candidate);
    if (isFinding(database))
      throw new InvalidInput(`The file ${candidate.path} can't be read any more: ${database.detail} Then make another plan.`);
    await using _open = database;
    const recognition = recognise(database);
    for (const recognised of recognition.tables) {
      const only = (table: typeof recognised): boolean => table === recognised;
      for await (const row of readLegacy(database, recognition, { only })) {
        progress.signal.throwIfAborted();
        yield { ...row, family: recognised.family };
      }
    }
  }

  async #lookInto(
    candidate: Candidate,
    knowledge: Knowledge,
    progress: Progress,
  ): Promise<{ readonly recognition: Recognition | null; readonly findings: readonly FoundReport[] }> {
    const opened = await this.#open(candidate);
    if (isFinding(opened)) return { recognition: null, findings: [foundReport(opened)] };
    await using database = opened;
    const recognition = recognise(database);
    const findings = [...database.findings, ...recognition.findings].map(foundReport);
    if (recognition.is === 'foreign' || recognition.is === 'this-server' || recognition.is === 'empty')
      return { recognition: null, findings };
    for await (const row of readLegacy(database, recognition, { only: ({ content }) => Knowledge.tells(content) })) {
      progress.signal.throwIfAborted();
      if (row.kind === 'row') knowledge.add(row);
    }
    return { recognition, findings };
  }

  async #open(candidate: Candidate): Promise<LegacyDatabase | Extract<Awaited<ReturnType<typeof openLegacy>>, { kind: 'finding' }>> {
    const folder = join(this.config.dataDir, 'migration', 'copies');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return openLegacy(candidate, { folder, isOpenHere: isOpenDatabaseFile });
  }
}
