import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/catalog.module.js';
import { DbConnectionModule } from '../db-connection/db-connection.module.js';
import { UserContextModule } from '../user-context/user-context.module.js';
import { LegacyFiles } from './legacy-files.service.js';
import { MergePlanner } from './merge/merge-planner.service.js';
import { MergeRunner } from './merge/merge-runner.service.js';
import { MergesController } from './merge/merges.controller.js';
import { MigrationController } from './migration.controller.js';
import { MigrationJobs } from './migration-jobs.service.js';
import { MigrationPlanner } from './migration-planner.service.js';
import { MigrationRunner } from './migration-runner.service.js';
import { MigrationService } from './migration.service.js';

@Module({
  imports: [CatalogModule, UserContextModule, DbConnectionModule],
  controllers: [MigrationController, MergesController],
  providers: [LegacyFiles, MigrationJobs, MigrationPlanner, MigrationRunner, MigrationService, MergePlanner, MergeRunner],
  exports: [MigrationJobs, MigrationService, MergePlanner, MergeRunner],
})
export class MigrationModule {}
