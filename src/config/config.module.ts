import { Module, type DynamicModule } from '@nestjs/common';
import { Config } from './config.js';

/** Makes the one `Config` injectable everywhere: the only global module. */
@Module({})
export class ConfigModule {
  /** @param config what `readConfig` returned, before Nest starts: it decides whether anything starts at all. */
  static forRoot(config: Config): DynamicModule {
    return { module: ConfigModule, global: true, providers: [{ provide: Config, useValue: config }], exports: [Config] };
  }
}
