import { ApiProperty } from '@nestjs/swagger';
import type { FlipState, IdentityFlip } from '#catalog';

export class IdentityFlipDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ description: '`shared-secret`, or the URL of the OIDC issuer.' })
  issuer: string;

  @ApiProperty({ description: 'The new name: that of a shared-secret token, or `issuer|subject`.' })
  name: string;

  @ApiProperty({ format: 'uuid', description: 'The person whose it may be.' })
  userId: string;

  @ApiProperty({
    enum: ['pending', 'stranger', 'noticed'],
    description:
      '`pending`: refused until it is bound to the person or declared a stranger; `stranger`: it is not the person; `noticed`: it is of another issuer, ' +
      'and is let in.',
  })
  state: FlipState;

  @ApiProperty({ format: 'date-time' })
  createdAt: string;

  @ApiProperty({ format: 'date-time' })
  updatedAt: string;

  @ApiProperty({ format: 'uuid', nullable: true, type: String, description: 'The administrator who decided.' })
  decidedBy: string | null;
}

export function toIdentityFlipDto({ flipId, ...shown }: IdentityFlip): IdentityFlipDto {
  return { id: flipId, ...shown };
}
