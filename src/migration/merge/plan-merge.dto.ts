import { ApiProperty } from '@nestjs/swagger';
import { IsUUID } from 'class-validator';

export class PlanMergeDto {
  @ApiProperty({ format: 'uuid', description: 'Whose memory comes into the other one, with all their identities.' })
  @IsUUID()
  fromUserId: string;

  @ApiProperty({ format: 'uuid', description: 'Whose memory it comes into.' })
  @IsUUID()
  intoUserId: string;
}
