import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/catalog.module.js';
import { DbConnectionModule } from '../db-connection/db-connection.module.js';
import { UserContextModule } from '../user-context/user-context.module.js';
import { MeController } from './me.controller.js';
import { MemoryController } from './memory.controller.js';
import { MemoryService } from './memory.service.js';

@Module({
  imports: [CatalogModule, UserContextModule, DbConnectionModule],
  controllers: [MeController, MemoryController],
  providers: [MemoryService],
})
export class MemoryModule {}
