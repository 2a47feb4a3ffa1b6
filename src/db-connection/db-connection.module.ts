import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/catalog.module.js';
import { UserContextModule } from '../user-context/user-context.module.js';
import { DbConnectionService } from './db-connection.service.js';

@Module({ imports: [CatalogModule, UserContextModule], providers: [DbConnectionService], exports: [DbConnectionService] })
export class DbConnectionModule {}
