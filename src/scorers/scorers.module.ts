import { Module } from '@nestjs/common';
import { DbConnectionModule } from '../db-connection/db-connection.module.js';
import { ScorersController } from './scorers.controller.js';
import { ScorersService } from './scorers.service.js';

@Module({ imports: [DbConnectionModule], controllers: [ScorersController], providers: [ScorersService], exports: [ScorersService] })
export class ScorersModule {}
