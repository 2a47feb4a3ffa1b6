import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';
import { ERASURE_STEPS, type Erasure, type ErasureStep } from '#catalog';
import type { JsonObject } from '#core';

export class EraseDto {
  @ApiProperty({ format: 'uuid', description: 'The id of the user once more: it can’t be taken back.' })
  @IsString()
  @Length(36, 36)
  confirm: string;
}

export class ErasureDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ format: 'uuid' })
  userId: string;

  @ApiProperty({ type: [String], description: 'The person, and the users who had been merged into them.' })
  userIds: readonly string[];

  @ApiProperty({ enum: ERASURE_STEPS, description: 'What is being done; a step that fails is tried again.' })
  step: ErasureStep;

  @ApiProperty({ type: String, nullable: true, description: 'Why the present step has failed; it is tried again.' })
  failure: string | null;

  @ApiProperty({ description: 'The administrator.' })
  requestedBy: string;

  @ApiProperty({ format: 'date-time' })
  begunAt: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  endedAt: string | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description:
      'What was removed, in numbers. `foreign`, `copies` and `former` are files that were left, and why is in docs/operating.md; `backups.unreadable` ' +
      'those that nobody can look into.',
  })
  report: JsonObject;
}

export function toErasureDto({ erasureId, ...shown }: Erasure, failure: string | null): ErasureDto {
  return { id: erasureId, failure, ...shown };
}
