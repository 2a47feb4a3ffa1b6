import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/catalog.module.js';
import { UserContextModule } from '../user-context/user-context.module.js';
import { DbConnectionService } from './db-connection.service.js';
import { PutBackService } from './put-back.service.js';
import { RescuesService } from './rescues.service.js';

@Module({
  imports: [CatalogModule, UserContextModule],
  providers: [DbConnectionService, RescuesService, PutBackService],
  exports: [DbConnectionService, RescuesService, PutBackService],
})
export class DbConnectionModule {}
