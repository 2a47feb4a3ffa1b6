import { Module } from '@nestjs/common';
import { DbConnectionModule } from '../db-connection/db-connection.module.js';
import { ConvertersController } from './converters.controller.js';
import { ConvertersService } from './converters.service.js';

@Module({
  imports: [DbConnectionModule],
  controllers: [ConvertersController],
  providers: [ConvertersService],
  exports: [ConvertersService],
})
export class ConvertersModule {}
