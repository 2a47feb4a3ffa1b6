import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/catalog.module.js';
import { DbConnectionModule } from '../db-connection/db-connection.module.js';
import { UserContextModule } from '../user-context/user-context.module.js';
import { RetentionController } from './retention.controller.js';
import { RetentionJob } from './retention.job.js';
import { RetentionService } from './retention.service.js';

@Module({
  imports: [CatalogModule, UserContextModule, DbConnectionModule],
  controllers: [RetentionController],
  providers: [RetentionService, RetentionJob],
})
export class RetentionModule {}
