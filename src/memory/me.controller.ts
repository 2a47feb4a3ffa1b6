import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiProperty, ApiTags } from '@nestjs/swagger';
import { CatalogService } from '../catalog/catalog.service.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { ApiProblems } from '../http/problem.dto.js';
import { UserContextService } from '../user-context/user-context.service.js';

class MyAliasDto {
  @ApiProperty() issuer: string;
  @ApiProperty() name: string;
}

class MyStoreDto {
  @ApiProperty({ format: 'uuid' }) storeId: string;
  @ApiProperty({ enum: ['duckdb', 'postgres'] }) backend: string;
  @ApiProperty({ enum: ['provisioning', 'active', 'moving', 'archived', 'erased'] }) state: string;
  @ApiProperty() location: string;
  @ApiProperty() exists: boolean;
  @ApiProperty() open: boolean;
  @ApiProperty({ type: 'integer', nullable: true }) sizeBytes: number | null;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Of the write-ahead log.' }) walBytes: number | null;
  @ApiProperty({ type: String, nullable: true, description: 'Why it can not be opened, and what to do; null when it can.' }) fault:
    string | null;
}

class MeDto {
  @ApiProperty({ format: 'uuid' }) userId: string;
  @ApiProperty() issuer: string;
  @ApiProperty() name: string;
  @ApiProperty({ type: [String] }) roles: readonly string[];
  @ApiProperty({ type: [String] }) scopes: readonly string[];
  @ApiProperty({ type: [MyAliasDto] }) aliases: readonly MyAliasDto[];
  @ApiProperty({ type: MyStoreDto, nullable: true, description: 'Null until something is remembered.' }) store: MyStoreDto | null;
}

/** Who one is here, and where one's memory is: the first thing to look at when something seems lost. */
@ApiTags('me')
@ApiBearerAuth()
@ApiProblems(401, 403, 503)
@Controller('api/v2/me')
export class MeController {
  constructor(
    private readonly users: UserContextService,
    private readonly catalog: CatalogService,
    private readonly db: DbConnectionService,
  ) {}

  @Get()
  @ApiOkResponse({ type: MeDto })
  async me(): Promise<MeDto> {
    const { userId, issuer, name, roles, scopes } = this.users.current();
    const aliases = await this.catalog.aliases.list(userId);
    const status = await this.db.status(userId);
    const store = status && { ...status, sizeBytes: status.size?.fileBytes ?? null, walBytes: status.size?.walBytes ?? null };
    return {
      userId,
      issuer,
      name,
      roles,
      scopes,
      aliases: aliases.map((alias) => ({ issuer: alias.issuer, name: alias.name })),
      store: store && {
        storeId: store.storeId,
        backend: store.backend,
        state: store.state,
        location: store.location,
        exists: store.exists,
        open: store.open,
        sizeBytes: store.sizeBytes,
        walBytes: store.walBytes,
        fault: store.fault,
      },
    };
  }
}
