import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, IsUUID, Length, Matches } from 'class-validator';
import type { MigrationAssignment, MigrationDocument, MigrationKind, MigrationState } from '#catalog';

const KINDS: readonly MigrationKind[] = ['scan', 'plan', 'run', 'merge-plan', 'merge-run'];
const STATES: readonly MigrationState[] = ['running', 'completed', 'failed', 'undoing', 'undone'];

/** A scan, a plan or a run. */
export class MigrationDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ enum: KINDS })
  kind: string;

  @ApiProperty({ enum: STATES })
  state: string;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'Of a run, its plan.' })
  planId: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Of what it says, once it is complete: of equal plans the same.' })
  hash: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Why it did not come to its end.' })
  failure: string | null;

  @ApiProperty({ format: 'date-time' })
  createdAt: string;

  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
}

export function toMigrationDto(document: MigrationDocument, failure: string | null): MigrationDto {
  const { documentId: id, kind, state, parentId: planId, hash, createdAt, updatedAt } = document;
  return { id, kind, state, planId, hash, failure, createdAt, updatedAt };
}

export class RunMigrationDto {
  @ApiProperty({ format: 'uuid', description: 'A complete plan. Old files of it must still be as they were.' })
  @IsUUID()
  planId: string;
}

export class ReportQuery {
  @ApiPropertyOptional({ enum: ['json', 'markdown'], default: 'json' })
  @IsOptional()
  @IsIn(['json', 'markdown'])
  format?: 'json' | 'markdown';
}

export class AssignDto {
  @ApiProperty({ description: 'SHA-256 of the content of the file, as plans show it.' })
  @Matches(/^[0-9a-f]{64}$/)
  file: string;

  @ApiPropertyOptional({ description: 'The shared name that the rows stand under, as plans show it; left out for rows that name nobody.' })
  @IsOptional()
  @IsString()
  @Length(1, 1000)
  name?: string;

  @ApiProperty({ format: 'uuid', description: 'Whose they are.' })
  @IsUUID()
  userId: string;
}

export class AssignmentDto {
  @ApiProperty()
  file: string;

  @ApiProperty({ type: String, nullable: true })
  name: string | null;

  @ApiProperty({ format: 'uuid' })
  userId: string;

  @ApiProperty({ format: 'date-time' })
  createdAt: string;
}

export function toAssignmentDto({ file, name, userId, createdAt }: MigrationAssignment): AssignmentDto {
  return { file, name, userId, createdAt };
}
