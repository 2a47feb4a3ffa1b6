import { execFile } from 'node:child_process';
import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NotPossible, type Fault, type Standing } from './fault.ts';
import { Mount } from './mount.ts';
import { MovedMemory } from './moved-memory.ts';
import type { Stage } from './stage.ts';

const MB = 1024 * 1024;
/** Large enough for what the neighbour and the catalog write, small enough for the victim to meet. */
const LARGEST_FILE = 4 * MB;
const SAYS = /no space left|closed after a fatal error/;

const run = promisify(execFile);

/** @param mounts whether to try with a file system of its own first. */
export function diskFull(mounts: boolean): Fault {
  return {
    name: 'disk-full',
    sentence: 'the disk of one memory is full while its campaign runs',
    running: true,
    provoke: async (stage) => (mounts ? fillMount(stage).catch((error: unknown) => limitSize(stage, error)) : limitSize(stage, null)),
  };
}

async function fillMount(stage: Stage): Promise<Standing> {
  const { size } = await stat(stage.memory);
  const mount = await Mount.make(size + 2 * MB);
  await stage.server.stop();
  const moved = await MovedMemory.move(stage.memory, mount.directory);
  await stage.server.boot();
  const filler = join(mount.directory, 'filler');
  await fill(filler);
  return {
    how: 'a tmpfs of its own, filled to the last byte',
    refuses: 'writes',
    says: SAYS,
    untouched: [],
    writes: async () => void (await stage.victim.perform({ kind: 'upload', prompts: 2_000 })),
    mend: () => rm(filler),
    [Symbol.asyncDispose]: async () => {
      if (stage.server.running) await stage.server.stop();
      await rm(filler, { force: true });
      await moved[Symbol.asyncDispose]();
      await mount[Symbol.asyncDispose]();
    },
  };
}

async function fill(path: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    for (let chunk = Buffer.alloc(MB); chunk.length > 0;) {
      const written = await file.write(chunk).then(
        ({ bytesWritten }) => bytesWritten,
        (error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOSPC') throw error;
          return 0;
        },
      );
      if (written < chunk.length) chunk = chunk.subarray(0, Math.floor(chunk.length / 2));
    }
  } finally {
    await file.close();
  }
}

/** Where nothing may be mounted: no file of the server may grow beyond a size, and only the victim writes that much. */
async function limitSize(stage: Stage, error: unknown): Promise<Standing> {
  if (error !== null && !(error instanceof NotPossible)) throw error;
  const limit = (bytes: number | 'unlimited') => run('prlimit', ['--pid', String(stage.server.pid), `--fsize=${bytes}:unlimited`]);
  await limit(LARGEST_FILE).catch(() => {
    throw new NotPossible('This process may neither mount a file system nor limit the size of files.');
  });
  return {
    how: 'a limit on the size of the files of the server, which only the victim met (no file system could be mounted)',
    refuses: 'writes',
    says: SAYS,
    untouched: [],
    writes: async () => {
      for (let uploads = 0; uploads < 4; uploads++) await stage.victim.perform({ kind: 'upload', prompts: 40_000 });
    },
    mend: async () => void (await limit('unlimited')),
    [Symbol.asyncDispose]: async () => undefined,
  };
}
