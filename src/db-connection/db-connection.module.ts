import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/catalog.module.js';
import { UserContextModule } from '../user-context/user-context.module.js';
import { DbConnectionService } from './db-connection.service.js';
import { PutBackService } from './put-back.service.js';
import { RescuesService } from './rescues.service.js';
import { Switches } from './switches.service.js';

@Module({
  imports: [CatalogModule, UserContextModule],
  providers: [DbConnectionService, RescuesService, PutBackService, Switches],
  exports: [DbConnectionService, RescuesService, PutBackService, Switches],
})
export class DbConnectionModule {}
