import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Injectable, mixin, type NestInterceptor, type Type } from '@nestjs/common';
import { FileInterceptor } from '@nestjs/platform-express';
import { randomUUID } from 'node:crypto';
import { diskStorage } from 'multer';
import { Config } from '../config/config.js';

function spooledFile(): Type<NestInterceptor> {
  /** Keeps the one file of an upload on disk, in the server's own directory, until the route has read it: it may be larger than memory. */
  @Injectable()
  class SpooledFileInterceptor {
    readonly #interceptor: NestInterceptor;

    constructor(config: Config) {
      const destination = join(config.dataDir, 'uploads');
      const Interceptor = FileInterceptor('file', {
        storage: diskStorage({
          destination: (_request, _file, done) => {
            mkdirSync(destination, { recursive: true, mode: 0o700 });
            done(null, destination);
          },
          filename: (_request, _file, done) => done(null, randomUUID()),
        }),
        limits: { files: 1, fileSize: config.maxUploadBytes, fields: 10, fieldSize: 100_000 },
      });
      this.#interceptor = new Interceptor();
    }

    intercept(...call: Parameters<NestInterceptor['intercept']>): ReturnType<NestInterceptor['intercept']> {
      return this.#interceptor.intercept(...call);
    }
  }
  return mixin(SpooledFileInterceptor);
}

export const SpooledFile = spooledFile();
