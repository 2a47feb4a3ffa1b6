import { statfs } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { megabytes, type Verdict } from './verdict.js';

/** How much space is left, and how much is enough. */
@Injectable()
export class DiskSpace {
  constructor(private readonly config: Config) {}

  /** What ordinary processes may still write there; null where that can't be asked. */
  async freeBytes(path: string): Promise<number | null> {
    return statfs(path).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => null,
    );
  }

  /** @param where it is, as the end of a sentence: `the memories`. */
  judge(verdict: Verdict, freeBytes: number | null, where: string): void {
    const { diskLeastBytes, diskWarningBytes } = this.config.health;
    if (freeBytes === null) return;
    const left = `the disk of ${where} has ${megabytes(freeBytes)} left`;
    if (freeBytes < diskLeastBytes) {
      verdict.fail(`${left}, less than the ${megabytes(diskLeastBytes)} of DISK_LEAST_MB: free some space`);
    } else if (freeBytes < diskWarningBytes) {
      verdict.warn(`${left}, less than the ${megabytes(diskWarningBytes)} of DISK_WARNING_MB: free some space before it is full`);
    }
  }
}
