import { timeoutError } from './faults.js';

/**
 * Runs `task` with a signal that is aborted by the caller's signal or after `timeoutMs`.
 * @throws the caller's reason; GeneratorError of fault `timeout`; whatever `task` throws.
 */
export async function withDeadline<T>(timeoutMs: number, signal: AbortSignal, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  const timer = setTimeout(() => controller.abort(timeoutError(timeoutMs)), timeoutMs);
  try {
    return await task(controller.signal);
  } catch (error) {
    // However a client dresses it up.
    controller.signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}
