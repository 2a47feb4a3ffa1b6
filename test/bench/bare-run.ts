import type { LoopDelay } from './event-loop.ts';
import { JsonProcess } from './processes.ts';

export interface BareRun {
  readonly promptsPerSecond: number;
  readonly loopDelay: LoopDelay;
}

/** Runs the bare loop once, in a process of its own. @throws when answers are missing. */
export async function runBareLoop(target: string, prompts: number, workers: number): Promise<BareRun> {
  const args = ['--url', target, '--prompts', String(prompts), '--workers', String(workers)];
  await using loop = new JsonProcess('test/bench/bare-loop.ts', args);
  const { seconds, answers, loopDelay } = await loop.say<{ seconds: number; answers: number; loopDelay: LoopDelay }>('seconds', 'answers');
  if (answers !== prompts) throw new Error(`The bare loop got ${answers} of ${prompts} answers.`);
  return { promptsPerSecond: prompts / seconds, loopDelay };
}
