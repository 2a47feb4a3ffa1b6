import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsUUID } from 'class-validator';
import { bytesOf, type Verification } from '#backup';
import type { BackupEntry } from './backup.service.js';

/** What is in a class of fields alone. */
type Fields<T> = Pick<T, keyof T>;

export const BACKUP_STATES = ['running', 'failed', 'completed', 'incomplete', 'damaged', 'newer'] as const;
export const VERDICTS = ['whole', 'incomplete', 'damaged', 'newer'] as const;

export class CreateBackupDto {
  @ApiPropertyOptional({ format: 'uuid', description: 'Back up the memory of this person alone, without the catalog.' })
  @IsOptional()
  @IsUUID()
  userId?: string;
}

export class BackupFileDto {
  @ApiProperty({ enum: ['catalog', 'memory', 'unassigned'] })
  kind: string;

  @ApiProperty({ description: 'In the folder of the backup.' })
  path: string;

  @ApiProperty({ type: 'integer' })
  bytes: number;

  @ApiProperty({ description: 'SHA-256 of the file, in hex.' })
  sha256: string;

  @ApiProperty({ description: 'The last step of its schema.' })
  schema: string;

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  storeId: string | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  userId: string | null;
}

export class SkippedStoreDto {
  @ApiProperty({ format: 'uuid' })
  storeId: string;

  @ApiProperty({ format: 'uuid' })
  userId: string;

  @ApiProperty({ description: 'Why its memory is not in the backup.' })
  reason: string;
}

/** A backup without its files. */
export class BackupSummaryDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ enum: BACKUP_STATES, description: 'Only a completed one can be restored. What was cut off is incomplete.' })
  state: (typeof BACKUP_STATES)[number];

  @ApiProperty({ type: String, nullable: true, description: 'Its folder in the directory of backups; null when there is none.' })
  folder: string | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'Of whom it is; null for everybody.' })
  userId: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  begunAt: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  endedAt: string | null;

  @ApiProperty({ type: 'integer', description: 'How much it holds by now.' })
  bytes: number;

  @ApiProperty({ type: 'integer', description: 'Memories that are in it by now, or had to be left out.' })
  memoriesDone: number;

  @ApiProperty({ type: 'integer', nullable: true, description: 'How many there are; null while that is not known.' })
  memories: number | null;

  @ApiProperty({ type: 'integer', description: 'Memories that had to be left out.' })
  skippedCount: number;

  @ApiProperty({ type: String, nullable: true, description: 'Why it was not made, or is no good.' })
  failure: string | null;
}

export class BackupDto extends BackupSummaryDto {
  @ApiProperty({ type: [BackupFileDto] })
  files: BackupFileDto[];

  @ApiProperty({ type: [SkippedStoreDto] })
  skipped: SkippedStoreDto[];
}

export class VerificationDto {
  @ApiProperty({ enum: VERDICTS, description: 'Only a whole one can be restored.' })
  verdict: (typeof VERDICTS)[number];

  @ApiProperty({ type: [String], description: 'What is wrong with it.' })
  faults: string[];
}

/** A backup as it is shown, without its files. */
export function backupSummary(entry: BackupEntry): BackupSummaryDto {
  return summaryOf(entry);
}

function summaryOf(entry: BackupEntry): Fields<BackupSummaryDto> {
  if ('run' in entry) {
    const { progress, failure, ...run } = entry.run;
    return { ...run, state: failure === null ? 'running' : 'failed', folder: null, ...progress, skippedCount: 0, failure };
  }
  const { id, name, verdict, fault, manifest } = entry.found;
  const memories = (manifest?.files ?? []).filter(({ kind }) => kind === 'memory').length + (manifest?.skipped.length ?? 0);
  return {
    id,
    state: verdict === 'whole' ? 'completed' : verdict,
    folder: name,
    userId: manifest?.userId ?? null,
    begunAt: manifest?.begunAt ?? null,
    endedAt: manifest?.endedAt ?? null,
    bytes: manifest ? bytesOf(manifest) : 0,
    memoriesDone: memories,
    memories: manifest ? memories : null,
    skippedCount: manifest?.skipped.length ?? 0,
    failure: fault === null ? null : `It can't be restored: ${fault}.`,
  };
}

export function backupView(entry: BackupEntry): BackupDto {
  const manifest = 'found' in entry ? entry.found.manifest : null;
  return { ...summaryOf(entry), files: [...(manifest?.files ?? [])], skipped: [...(manifest?.skipped ?? [])] };
}

export function verificationView({ verdict, faults }: Verification): VerificationDto {
  return { verdict, faults: [...faults] };
}
