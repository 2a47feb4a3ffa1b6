import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { alertRefusedBoot, forgetRefusedBoot } from './alerts/refused-boot.js';
import { SaltChanged } from './catalog/salt-changed.js';
import type { Config } from './config/config.js';
import { readConfig, SaltRefused } from './config/read-config.js';
import { createApp } from './create-app.js';

// Everything that this process writes is for its own user only.
process.umask(0o077);
if (existsSync('.env')) process.loadEnvFile('.env');
// The OpenAI client would send these headers to every endpoint that a user names.
delete process.env['OPENAI_CUSTOM_HEADERS'];

let config: Config | null = null;
try {
  config = await readConfig(process.env);
  const app = await createApp(config);
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  await app.listen(config.port, config.host);
  await forgetRefusedBoot(config);
  process.stdout.write(`${JSON.stringify({ level: 30, time: Date.now(), msg: 'ready', url: await app.getUrl() })}\n`);
} catch (error) {
  // Before there is a server there may be no logger: the sentence goes to the person who started it.
  process.stderr.write(`The server does not start: ${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof SaltRefused) await alertRefusedBoot(error.config, `${error.faults.join('. ')}.`);
  else if (error instanceof SaltChanged && config) await alertRefusedBoot(config, error.message);
  process.exit(1);
}
