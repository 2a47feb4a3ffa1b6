import { Module } from '@nestjs/common';
import { DbConnectionModule } from '../db-connection/db-connection.module.js';
import { UserContextModule } from '../user-context/user-context.module.js';
import { DisplacedMemoriesJob } from './displaced-memories.job.js';
import { RescuesController } from './rescues.controller.js';

/** `DisplacedMemoriesJob` needs the `ScheduleModule` of the application. */
@Module({ imports: [DbConnectionModule, UserContextModule], controllers: [RescuesController], providers: [DisplacedMemoriesJob] })
export class RescueModule {}
