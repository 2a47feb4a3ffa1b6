import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Catalog } from '#catalog';
import { findMemories } from './catalog/found-memories.js';
import { listCatalog } from './catalog/listing.js';
import { PracticeTarget } from './practice-target.js';
import type { Outcome } from './quickstart/outcome.js';
import { runBuilt, type CommandEnd } from './testing/built-command.js';

const PATIENCE_MS = 120_000;

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'quickstart-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

const dataDir = (): string => join(directory, 'data');

const run = (args: readonly string[], env: Record<string, string> = {}, watch?: Parameters<typeof runBuilt>[3]): Promise<CommandEnd> =>
  runBuilt('quickstart', ['--data-dir', dataDir(), '--json', join(directory, 'out.json'), ...args], env, watch);

const outcome = (): Outcome => JSON.parse(readFileSync(join(directory, 'out.json'), 'utf8')) as Outcome;

/** Opens every memory of the data directory, which also shows that no server has been left behind. */
async function owners(): Promise<unknown[]> {
  return (await findMemories(join(dataDir(), 'memory'))).map(({ store }) => store?.name);
}

describe('npm run quickstart', () => {
  it(
    'runs 1,500 prompts through a restart, on one memory, and again beside what is there',
    async () => {
      const { code, stdout, stderr } = await run([]);
      expect([code, stderr]).toEqual([0, '']);
      const first = outcome();
      expect(first).toMatchObject({ planned: 1500, open: 0, unknown: 0, errored: 0, skipped: 0, cancelled: 0, uniquePrompts: 1500 });
      expect(first.scored + first.blocked).toBe(1500);
      expect(first).toMatchObject({ scores: first.scored * 3, restarts: 1, databaseFiles: 1 });
      expect(first.seconds).toBeGreaterThan(0);
      expect(first.promptsPerSecond).toBeGreaterThan(1);
      expect(first.byConverter.map(({ planned }) => planned)).toEqual([250, 250, 250, 250, 250, 250]);
      expect(first.byConverter.reduce((sum, { scored }) => sum + scored, 0)).toBe(first.scored);
      expect(first.byScorer.map(({ scores }) => scores)).toEqual([first.scored, first.scored, first.scored]);
      // The guard is deterministic, so the table is too.
      expect(Object.fromEntries(first.byConverter.map((row) => [row.converter, row.leakedPercent]))).toEqual({
        none: 1.3,
        'role-play': 18.8,
        leetspeak: 17.6,
        rot13: 30.8,
        base64: 49.6,
        'reverse + base64': 0,
      });
      // Without a terminal there is nothing to redraw, and a line for each tenth at most.
      for (const control of ['\u001b', '\r']) expect(stdout).not.toContain(control);
      expect(stdout.match(/^ +\d+ % /gm)?.length).toBeLessThanOrEqual(11);
      expect(stdout).toMatch(/stopping the server[^]*it is back/);
      expect(stdout).toMatch(/^By converter +prompts +answered +blocked +errored +refused +leaked$/m);
      expect(stdout).toMatch(/^base64 +250 +250 +0 +0 +28\.8 % +49\.6 %$/m);
      expect(stdout).toContain('npm run -s token -- --user red_teamer');
      expect(stdout).toMatch(/the memory +\S+pyrit_memory_[0-9a-f]{16}\.db/);
      expect(await owners()).toEqual(['red_teamer']);
      expect(statSync(join(dataDir(), 'server.log')).mode & 0o777).toBe(0o600);

      const holder = await Catalog.open({ directory: dataDir(), file: 'catalog.db' }, { create: false });
      const blocked = await run([]);
      await holder.close();
      expect([blocked.code, blocked.stdout]).toEqual([1, '']);
      expect(blocked.stderr).toBe(
        `The server does not start: The database catalog.db is held by the process ${process.pid}. Stop that process, or wait until it lets go.\n`,
      );

      const again = await run(['--prompts', '3']);
      expect([again.code, again.stderr]).toEqual([0, '']);
      expect(outcome()).toMatchObject({ planned: 18, uniquePrompts: 18, restarts: 1, databaseFiles: 1 });
      expect(await owners()).toEqual(['red_teamer']);
    },
    PATIENCE_MS,
  );

  it(
    'stops the server when it is interrupted, and stays until then when it is told to',
    async () => {
      const midway = await run([], {}, (stdout, kill) => {
        if (/^ +\d+ % /m.test(stdout)) kill('SIGINT');
      });
      expect([midway.code, midway.stderr]).toEqual([130, expect.stringContaining('Interrupted')]);
      expect(await listCatalog(dataDir())).toHaveLength(2);

      const probes: Promise<number>[] = [];
      const kept = await run(['--keep', '--prompts', '2'], {}, (stdout, kill) => {
        if (probes.length > 0 || !stdout.includes('until you press Ctrl-C')) return;
        const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(stdout) ?? [];
        const probe = async (): Promise<number> => (await fetch(`${url}/health/live`)).status;
        probes.push(probe().finally(() => kill('SIGINT')));
      });
      expect(await Promise.all(probes)).toEqual([200]);
      expect(kept.code).toBe(130);
      expect(outcome()).toMatchObject({ planned: 12, databaseFiles: 1 });
      expect(await owners()).toEqual(['red_teamer']);
    },
    PATIENCE_MS,
  );

  it(
    'attacks another endpoint, where it is allowed to, with a key that nobody sees',
    async () => {
      await using target = await PracticeTarget.start();
      const key = 'sk-quickstart-0123456789abcdef';
      const args = ['--target', target.baseUrl, '--model', 'some-model', '--prompts', '2', '--key-env', 'THE_KEY'];
      const refused = await run(args, { THE_KEY: key });
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/add --allow-private/)]);
      expect(target.requests).toBe(0);

      const { code, stdout } = await run([...args, '--allow-private'], { THE_KEY: key });
      expect(code).toBe(0);
      expect(stdout).toContain(`some-model at ${target.baseUrl}`);
      expect(outcome()).toMatchObject({ planned: 12, scored: 12, scores: 36 });
      // One to try it out.
      expect(target.requests).toBe(13);
      for (const file of readdirSync(dataDir(), { recursive: true, encoding: 'utf8' })) {
        const path = join(dataDir(), file);
        if (statSync(path).isFile()) expect([file, readFileSync(path).includes(key)]).toEqual([file, false]);
      }
    },
    PATIENCE_MS,
  );

  it.each([
    [['--prompts', '251'], /from 1 to 250/],
    [['--model', 'some-model'], /go with --target/],
    [['--target', 'localhost:11434'], /must be the address/],
    [['--target', 'http://localhost:11434/v1'], /needs --model/],
    [['--target', 'http://localhost:11434/v1', '--model', 'some-model', '--key-env', 'NOT_THERE'], /not set/],
    [['--fast'], /Unknown option/],
  ])('starts nothing when it is told %j', async (args, sentence) => {
    const { code, stdout, stderr } = await run(args);
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(sentence)]);
    expect(readdirSync(directory)).toEqual([]);
  });
});
