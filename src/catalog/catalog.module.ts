import { Module } from '@nestjs/common';
import { Config } from '../config/config.js';
import { CatalogService } from './catalog.service.js';

@Module({
  providers: [{ provide: CatalogService, inject: [Config], useFactory: (config: Config) => CatalogService.open(config) }],
  exports: [CatalogService],
})
export class CatalogModule {}
