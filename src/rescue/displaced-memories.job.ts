import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Config } from '../config/config.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';

/** Looks, as often as the operator wants, for open memories whose files went away. `SchedulerRegistry` ends it with the application. */
@Injectable()
export class DisplacedMemoriesJob implements OnApplicationBootstrap {
  constructor(
    private readonly config: Config,
    private readonly db: DbConnectionService,
    private readonly schedule: SchedulerRegistry,
  ) {}

  onApplicationBootstrap(): void {
    const timer = setInterval(() => void this.db.rescueDisplaced(), this.config.memoryCheckMs);
    this.schedule.addInterval('displaced-memories', timer);
  }
}
