import { ApiProperty } from '@nestjs/swagger';

export const REASONS = ['deleted', 'replaced', 'overwritten'] as const;
export const STATES = ['rescuing', 'quarantined', 'put-back', 'lost'] as const;

export class RescueDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ format: 'uuid' })
  storeId: string;

  @ApiProperty({ format: 'uuid' })
  userId: string;

  @ApiProperty({ description: 'The copy, in the folder `quarantine` of the data directory.' })
  file: string;

  @ApiProperty({ description: 'Where the memory was, and belongs: a file in the memory directory.' })
  place: string;

  @ApiProperty({ enum: REASONS, description: 'What became of its file: something else was moved to its place, or written into it.' })
  reason: (typeof REASONS)[number];

  @ApiProperty({ format: 'date-time' })
  rescuedAt: string;

  @ApiProperty({ type: 'integer', nullable: true, description: 'The size of the copy; null until it is whole.' })
  bytes: number | null;

  @ApiProperty({ enum: STATES, description: 'It is lost when the server ended before the copy was whole.' })
  state: (typeof STATES)[number];

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  putBackAt: string | null;
}
