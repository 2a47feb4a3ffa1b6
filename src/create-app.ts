import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { SwaggerModule } from '@nestjs/swagger';
import { Logger } from 'nestjs-pino';
import { AppModule } from './app.module.js';
import type { Config } from './config/config.js';
import { configureHttp } from './http/configure-http.js';
import { HttpCounts } from './metrics/http-counts.service.js';
import { describeApi } from './openapi.js';

/** The application, ready to listen. @throws when the catalog can't be opened, above all when another process holds it. */
export async function createApp(config: Config): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.on(config), {
    bodyParser: false,
    // Until there is our own logger: a boot that is refused says so in one sentence, not in a stack.
    logger: false,
    abortOnError: false,
    // Streams of progress would keep the server from closing.
    forceCloseConnections: true,
  });
  app.useLogger(app.get(Logger));
  app.use(app.get(HttpCounts).middleware);
  configureHttp(app, { maxBodyBytes: config.maxBodyBytes });
  SwaggerModule.setup('api/docs', app, () => describeApi(app), { jsonDocumentUrl: 'api/openapi.json' });
  return app;
}
