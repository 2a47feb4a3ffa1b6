import { DuckDBInstance } from '@duckdb/node-api';
import type { Fault } from './fault.ts';

export const locked: Fault = {
  name: 'locked',
  sentence: 'another process holds the file of one memory when the server starts',
  running: true,
  provoke: async (stage) => {
    await stage.server.stop();
    const holder = await DuckDBInstance.create(stage.memory);
    await stage.server.boot();
    let held = true;
    const release = async (): Promise<void> => {
      if (held) holder.closeSync();
      held = false;
    };
    return {
      how: 'this process had it open as a database',
      refuses: 'everything',
      says: new RegExp(`held by the process ${process.pid}\\b`),
      untouched: [],
      mend: release,
      [Symbol.asyncDispose]: release,
    };
  },
};
