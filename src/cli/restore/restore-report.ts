import type { Restored } from './restore.js';

/** What was restored, and what is to be done now. */
export function restoreReport({ dataDir, manifest, memories, secrets }: Restored): string[] {
  const rows = memories.reduce((sum, memory) => sum + memory.rows, 0);
  const paused = memories.flatMap((memory) => memory.paused);
  const goesOn = memories.flatMap((memory) => memory.goesOn);
  return [
    `The backup of ${manifest.begunAt} is in ${dataDir}: ${counted(memories.length, 'memory', 'memories')}, ${counted(rows, 'row', 'rows')}, all of them read.`,
    ...manifest.skipped.map(({ userId, reason }) => `Not in the backup: the memory of user ${userId}. ${reason}`),
    ...(paused.length > 0
      ? [
          `${counted(paused.length, 'execution is', 'executions are')} paused, so that no prompt is sent twice while the original still runs. Their people resume them; --resume would have let them go on.`,
        ]
      : []),
    ...(goesOn.length > 0 ? [`${counted(goesOn.length, 'execution goes', 'executions go')} on when the server starts.`] : []),
    ...(secrets.keyInEnvironment ? ['Start the server with the same ENCRYPTION_KEY: it is not written anywhere.'] : []),
    ...(secrets.hasJwtSecret
      ? []
      : ['There is no token secret among the keys: without JWT_SECRET_KEY, a new one is made, and tokens of before are refused.']),
    `Start the server with DATA_DIR=${dataDir}, and without VIOLENTUTF_MEMORY_DIR and VIOLENTUTF_MEMORY_PATH.`,
  ];
}

function counted(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}
