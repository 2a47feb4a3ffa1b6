import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 5;

/** How much later than asked a timer fired, in milliseconds: what anything that waits for the event loop has to wait. */
export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  /** The longest single block. */
  readonly longest: number;
}

/** Watches the event loop of this process. The function it returns says how it was since the last reading. */
export function watchEventLoop(): () => LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  const ms = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  return () => {
    const reading = { p50: ms(histogram.percentile(50)), p99: ms(histogram.percentile(99)), longest: ms(histogram.max) };
    histogram.reset();
    return reading;
  };
}
