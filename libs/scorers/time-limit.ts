import { createContext, Script } from 'node:vm';

/** What was run did not end in time. */
export class TookTooLong extends Error {
  override readonly name = 'TookTooLong';
}

const place = { run: (): void => undefined };
const context = createContext(place);
/** A call from a script is the one thing that Node can interrupt; the script itself sees nothing but the task. */
const call = new Script('run()');

/**
 * Runs something synchronous that is made from what a user wrote, and stops it after `limitMs`: nothing else could, since it holds the
 * only thread. What it was working on is in an unknown state then, and must be thrown away.
 * @throws TookTooLong; whatever `task` throws.
 */
export function withinMs<T>(limitMs: number, task: () => T): T {
  const results: T[] = [];
  place.run = () => {
    results.push(task());
  };
  try {
    call.runInContext(context, { timeout: limitMs });
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw new TookTooLong(`It took over ${limitMs} ms.`);
    throw error;
  }
  const [result] = results as [T];
  return result;
}
