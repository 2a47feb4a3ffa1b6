const RUNS = 4;

/**
 * How many times as long work takes on ten times as much: about 10 for what is linear, 100 for what is quadratic. Of several runs the quickest counts,
 * so that it does not matter what else the machine does; what is too short to be measured counts as nothing.
 * @param work takes something of `size` times its least size, and may be repeated.
 */
export async function growth(work: (size: number) => unknown): Promise<number> {
  const least = await quickestMs(() => work(1));
  return (await quickestMs(() => work(10))) / Math.max(least, 2);
}

async function quickestMs(work: () => unknown): Promise<number> {
  let quickest = Infinity;
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    await work();
    quickest = Math.min(quickest, performance.now() - start);
  }
  return quickest;
}
