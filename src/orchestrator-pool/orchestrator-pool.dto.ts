import { ApiProperty } from '@nestjs/swagger';
import type { PoolStats } from '#pool';

const COUNT = { type: 'integer', minimum: 0 } as const;

/** Counts are from the start of the server on. */
export class OrchestratorPoolDto implements PoolStats {
  @ApiProperty({ enum: ['own', 'all'], description: 'Whose instances are counted: your own or, for administrators, everybody’s.' })
  scope: 'own' | 'all';

  @ApiProperty({ ...COUNT, description: 'Compiled orchestrators that there are: idle, in use, and just being compiled.' })
  totalInstances: number;

  @ApiProperty({ ...COUNT, description: 'How many are kept, of all users together. What is in use may exceed it.' })
  maxInstances: number;

  @ApiProperty(COUNT) inUse: number;

  @ApiProperty({ description: 'How long one is kept after its last use.' }) ttlMinutes: number;

  @ApiProperty({ type: Number, nullable: true, description: 'Since the oldest one was compiled; null when there is none.' })
  oldestAgeMinutes: number | null;

  @ApiProperty({ ...COUNT, description: 'How often one was there that could be used.' }) hits: number;

  @ApiProperty({ ...COUNT, description: 'How often one had to be compiled, also when that failed.' }) misses: number;

  @ApiProperty({ ...COUNT, description: 'Dropped for another: for a newer configuration, or because there were more than are kept.' })
  evictions: number;

  @ApiProperty({ ...COUNT, description: 'Dropped because nobody had used them for too long.' }) expirations: number;

  @ApiProperty({ ...COUNT, description: 'Dropped with an error, which the log has.' }) disposalErrors: number;
}
