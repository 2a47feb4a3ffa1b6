import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/catalog.module.js';
import { UserContextModule } from '../user-context/user-context.module.js';
import { DbConnectionService } from './db-connection.service.js';
import { IdentityFlipReports } from './identity-flip-reports.service.js';
import { MemoryOpener } from './memory-opener.service.js';
import { PutBackService } from './put-back.service.js';
import { RescuesService } from './rescues.service.js';
import { StoreCheck } from './store-check.service.js';
import { StoreCounts } from './store-counts.service.js';
import { StoreFaults } from './store-faults.service.js';
import { StoreFiles } from './store-files.service.js';
import { StoreInspection } from './store-inspection.service.js';
import { Switches } from './switches.service.js';
import { UnassignedMemory } from './unassigned-memory.service.js';

@Module({
  imports: [CatalogModule, UserContextModule],
  providers: [
    DbConnectionService,
    MemoryOpener,
    IdentityFlipReports,
    RescuesService,
    PutBackService,
    StoreCheck,
    StoreCounts,
    StoreFaults,
    StoreFiles,
    StoreInspection,
    Switches,
    UnassignedMemory,
  ],
  exports: [
    DbConnectionService,
    IdentityFlipReports,
    RescuesService,
    PutBackService,
    StoreCheck,
    StoreCounts,
    StoreFaults,
    StoreFiles,
    StoreInspection,
    Switches,
    UnassignedMemory,
  ],
})
export class DbConnectionModule {}
