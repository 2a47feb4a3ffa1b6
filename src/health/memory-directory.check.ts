import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { PROBE } from '../config/data-files.js';
import { DiskSpace } from './disk-space.js';
import type { Finding, ReadinessCheck } from './readiness-check.js';
import { Verdict } from './verdict.js';

/** Whether memories can be made and grow. */
@Injectable()
export class MemoryDirectoryCheck implements ReadinessCheck {
  readonly name = 'memory-directory';

  constructor(
    private readonly config: Config,
    private readonly disk: DiskSpace,
  ) {}

  async check(): Promise<Finding> {
    const verdict = new Verdict();
    const { memoryDir } = this.config;
    const freeBytes = await this.disk.freeBytes(memoryDir);
    this.disk.judge(verdict, freeBytes, 'the memories');
    // Permissions alone do not tell: a disk may be mounted read-only, and nothing is forbidden to root.
    const probe = join(memoryDir, PROBE);
    try {
      await writeFile(probe, '', { mode: 0o600 });
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
      verdict.fail(`the memory directory can not be written (${code}): make it writable for the server`);
    } finally {
      await rm(probe, { force: true }).catch(() => undefined);
    }
    return { verdict, details: { freeBytes } };
  }
}
