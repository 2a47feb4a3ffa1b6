import { chmod, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { NotPossible, type Fault, type Standing } from './fault.ts';
import { Mount } from './mount.ts';
import { MovedMemory } from './moved-memory.ts';
import type { Stage } from './stage.ts';

const SAYS = /not writable/;

/** @param mounts whether to try with a file system of its own first. */
export function readOnly(mounts: boolean): Fault {
  return {
    name: 'read-only',
    sentence: 'the disk of one memory becomes read-only over a restart',
    running: true,
    provoke: async (stage) => (mounts ? remount(stage).catch((error: unknown) => permissions(stage, error)) : permissions(stage, null)),
  };
}

async function remount(stage: Stage): Promise<Standing> {
  const { size } = await stat(stage.memory);
  const mount = await Mount.make(4 * size + 64 * 1024 * 1024);
  return stand(stage, mount.directory, {
    how: 'a tmpfs of its own, mounted read-only',
    forbid: () => mount.remount('ro'),
    allow: () => mount.remount('rw'),
    remove: () => mount[Symbol.asyncDispose](),
  });
}

async function permissions(stage: Stage, error: unknown): Promise<Standing> {
  if (error !== null && !(error instanceof NotPossible)) throw error;
  if (process.getuid?.() === 0) {
    throw new NotPossible('Nothing may be mounted here, and the server runs as root, whom permissions do not bind.');
  }
  const parent = await mkdtemp(join(tmpdir(), 'violentutf-torture-'));
  const directory = join(parent, 'memory');
  await mkdir(directory, { mode: 0o700 });
  const file = join(directory, basename(stage.memory));
  return stand(stage, directory, {
    how: 'permissions on the file and its folder (no file system could be mounted)',
    forbid: async () => {
      await chmod(file, 0o400);
      await chmod(directory, 0o500);
    },
    allow: async () => {
      await chmod(directory, 0o700);
      await chmod(file, 0o600);
    },
    remove: () => rm(parent, { recursive: true, force: true }),
  });
}

interface Way {
  readonly how: string;
  readonly forbid: () => Promise<void>;
  readonly allow: () => Promise<void>;
  readonly remove: () => Promise<void>;
}

async function stand(stage: Stage, directory: string, way: Way): Promise<Standing> {
  await stage.server.stop();
  const moved = await MovedMemory.move(stage.memory, directory);
  await way.forbid();
  await stage.server.boot();
  return {
    how: way.how,
    refuses: 'everything',
    says: SAYS,
    untouched: [join(directory, basename(stage.memory))],
    mend: way.allow,
    [Symbol.asyncDispose]: async () => {
      if (stage.server.running) await stage.server.stop();
      await way.allow();
      await moved[Symbol.asyncDispose]();
      await way.remove();
    },
  };
}
