import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Config } from '../config/config.js';

/** Where uploaded files lie until they are read: in the server's own directory, for its user only. */
@Injectable()
export class UploadSpool implements OnModuleInit {
  readonly #directory: string;

  constructor(config: Config) {
    this.#directory = join(config.dataDir, 'uploads');
  }

  /** Removes what a crash has left: nobody would ever read or remove it. */
  async onModuleInit(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** The directory, which is there. */
  async directory(): Promise<string> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    return this.#directory;
  }
}
