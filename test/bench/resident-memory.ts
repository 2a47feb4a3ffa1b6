import { readFile } from 'node:fs/promises';
import { mean } from './percentile.ts';

const SAMPLE_MS = 1000;

/** What a process took of the memory of the machine over a while, in bytes. */
export interface ResidentMemory {
  readonly peak: number;
  /** The means of the second and of the last quarter of the while: what it was once under way, and in the end. */
  readonly secondQuarter: number;
  readonly lastQuarter: number;
}

/**
 * Samples the resident memory of a process each second, or as often as is said, until the function it returns is called, which tells what was seen; null where the
 * system has no /proc.
 */
export function watchResidentMemory(pid: number, sampleMs = SAMPLE_MS): () => Promise<ResidentMemory | null> {
  const samples: number[] = [];
  const sample = async (): Promise<void> => {
    const bytes = await residentBytes(pid);
    if (bytes !== null) samples.push(bytes);
  };
  const timer = setInterval(() => void sample(), sampleMs);
  return async () => {
    clearInterval(timer);
    await sample();
    if (samples.length === 0) return null;
    const quarter = (number: number): number[] =>
      samples.slice(Math.floor((samples.length * (number - 1)) / 4), Math.max(1, Math.floor((samples.length * number) / 4)));
    return { peak: Math.max(...samples), secondQuarter: mean(quarter(2)), lastQuarter: mean(quarter(4)) };
  };
}

/** The resident memory of a process now, in bytes; null where the system has no /proc. */
export async function residentBytes(pid: number | 'self'): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}
