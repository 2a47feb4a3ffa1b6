import { Module } from '@nestjs/common';
import { DbConnectionModule } from '../db-connection/db-connection.module.js';
import { GeneratorsController } from './generators.controller.js';
import { GeneratorsService } from './generators.service.js';
import { OutboundService } from './outbound.service.js';
import { SecretVault } from './secret-vault.service.js';

@Module({
  imports: [DbConnectionModule],
  controllers: [GeneratorsController],
  providers: [GeneratorsService, OutboundService, SecretVault],
  exports: [GeneratorsService],
})
export class GeneratorsModule {}
