import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';
import type { Alias, User } from '#catalog';

export class UserDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ description: '`shared-secret`, or the URL of the OIDC issuer.' })
  issuer: string;

  @ApiProperty({ description: 'The canonical name: that of a shared-secret token, or `issuer|subject`.' })
  name: string;

  @ApiProperty({ format: 'date-time' })
  createdAt: string;
}

export class BindAliasDto {
  @ApiProperty({ description: '`shared-secret`, or the URL of the OIDC issuer.' })
  @IsString()
  @Length(1, 2000)
  issuer: string;

  @ApiProperty({ description: 'The name in shared-secret tokens, or the subject (sub) of the issuer’s tokens.' })
  @IsString()
  @Length(1, 2300)
  name: string;
}

export class AliasDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ format: 'uuid' })
  userId: string;

  @ApiProperty()
  issuer: string;

  @ApiProperty()
  name: string;

  @ApiProperty({ description: 'Whether it is the identity that the memory was made for, which stays.' })
  canonical: boolean;

  @ApiProperty({ format: 'date-time' })
  createdAt: string;
}

export function toUserDto({ userId, ...shown }: User): UserDto {
  return { id: userId, ...shown };
}

export function toAliasDto({ aliasId, ...shown }: Alias): AliasDto {
  return { id: aliasId, ...shown };
}
