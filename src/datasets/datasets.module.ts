import { Module } from '@nestjs/common';
import { DbConnectionModule } from '../db-connection/db-connection.module.js';
import { DatasetsController } from './datasets.controller.js';
import { DatasetsService } from './datasets.service.js';
import { UploadSpool } from './upload-spool.service.js';

@Module({
  imports: [DbConnectionModule],
  controllers: [DatasetsController],
  providers: [DatasetsService, UploadSpool],
  exports: [DatasetsService],
})
export class DatasetsModule {}
