import { Module } from '@nestjs/common';
import { DbConnectionModule } from '../db-connection/db-connection.module.js';
import { OrchestratorsController } from './orchestrators.controller.js';
import { OrchestratorsService } from './orchestrators.service.js';

@Module({
  imports: [DbConnectionModule],
  controllers: [OrchestratorsController],
  providers: [OrchestratorsService],
  exports: [OrchestratorsService],
})
export class OrchestratorsModule {}
