import { spawn } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');

export interface CommandEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a built command (`token`, `catalog`, `quickstart`) as a person's shell would, with `env` alone for an environment.
 * @param watch is given the standard output so far whenever there is more, and may send a signal.
 */
export async function runBuilt(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  watch: (stdout: string, kill: (signal: NodeJS.Signals) => void) => void = () => undefined,
): Promise<CommandEnd> {
  const script = join(ROOT, 'dist/src/cli', `${command}.js`);
  const child = spawn(process.execPath, ['--enable-source-maps', script, ...args], { env, cwd: env['DATA_DIR'] ?? ROOT });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('utf8');
    watch(stdout, (signal) => child.kill(signal));
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  return { code, stdout, stderr };
}
