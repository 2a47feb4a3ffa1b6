import { callbackify } from 'node:util';
import { Injectable, mixin, type NestInterceptor, type Type } from '@nestjs/common';
import { FileInterceptor } from '@nestjs/platform-express';
import { randomUUID } from 'node:crypto';
import { diskStorage } from 'multer';
import { Unavailable } from '#core';
import { Config } from '../config/config.js';
import { UploadSpool } from './upload-spool.service.js';

function spooledFile(): Type<NestInterceptor> {
  /** Keeps the one file of an upload on disk, in the server's own directory, until the route has read it: it may be larger than memory. */
  @Injectable()
  class SpooledFileInterceptor {
    readonly #interceptor: NestInterceptor;

    constructor(config: Config, spool: UploadSpool) {
      const Interceptor = FileInterceptor('file', {
        storage: diskStorage({
          destination: (_request, _file, done) => callbackify(() => spool.directory())(done),
          filename: (_request, _file, done) => done(null, randomUUID()),
        }),
        limits: { files: 1, fileSize: config.maxUploadBytes, fields: 10, fieldSize: 100_000 },
      });
      this.#interceptor = new Interceptor();
    }

    async intercept(...call: Parameters<NestInterceptor['intercept']>): Promise<Awaited<ReturnType<NestInterceptor['intercept']>>> {
      try {
        return await this.#interceptor.intercept(...call);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
        throw new Unavailable('There is no space left to take in the file. Free some space and try again.', 30_000, { cause: error });
      }
    }
  }
  return mixin(SpooledFileInterceptor);
}

export const SpooledFile = spooledFile();
