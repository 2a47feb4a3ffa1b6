import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

/** On what, and beside how much other work, it was measured. */
export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  /** The mean number of processes that wanted a core in the last minute before the benchmark began. */
  readonly loadBefore: number;
}

export function thisMachine(): Machine {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    node: process.version,
    loadBefore: loadavg()[0] ?? 0,
  };
}

export function describe({ cores, cpu, memoryBytes, system, node, loadBefore }: Machine): string {
  const gigabytes = Math.round(memoryBytes / 1024 ** 3);
  return `${cores} cores (${cpu}), ${gigabytes} GB, ${system}, Node ${node}, load before it ${loadBefore.toFixed(2)}`;
}
