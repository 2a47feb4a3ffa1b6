import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/catalog.module.js';
import { DbConnectionModule } from '../db-connection/db-connection.module.js';
import { UserContextModule } from '../user-context/user-context.module.js';
import { CompactionController } from './compaction.controller.js';
import { CompactionJob } from './compaction.job.js';
import { CompactionService } from './compaction.service.js';

@Module({
  imports: [CatalogModule, UserContextModule, DbConnectionModule],
  controllers: [CompactionController],
  providers: [CompactionService, CompactionJob],
  exports: [CompactionService],
})
export class CompactionModule {}
