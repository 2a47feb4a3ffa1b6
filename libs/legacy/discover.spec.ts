import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, link, mkdir, readFile, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import { discover, type Candidate, type DiscoverOptions, type Finding } from './index.js';
import { all, APP_DATA, asNobody, fixture, NOTHING_OPEN, snapshot, Workspace } from './testing/fixtures.js';
import { makeDuckDb } from './testing/duckdb-files.js';

let workspace: Workspace;
beforeEach(async () => {
  workspace = await Workspace.create();
  await chmod(workspace.path, 0o755);
});
afterEach(() => workspace[Symbol.asyncDispose]());

async function scan(
  options: Partial<DiscoverOptions> = {},
  roots = [workspace.path],
): Promise<{ candidates: Candidate[]; findings: Finding[] }> {
  const found = await all(discover(roots, { ...NOTHING_OPEN, ...options }));
  return {
    candidates: found.filter((item) => item.kind === 'candidate'),
    findings: found.filter((item) => item.kind === 'finding'),
  };
}

/** The findings as `name: reason`. */
function said(findings: readonly Finding[]): string[] {
  return findings.map(({ path, reason }) => `${path.slice(workspace.path.length + 1)}: ${reason}`);
}

describe('discover', () => {
  it('finds every file of ViolentUTF and leaves all of them as they were', async () => {
    await workspace.unpackAppData();
    const before = await snapshot(workspace.path);
    const { candidates, findings } = await scan();
    expect(findings).toEqual([]);
    expect(candidates.map(({ path, engine, role }) => [path, engine, role])).toEqual([
      [workspace.at('app_data', APP_DATA.service), 'sqlite', 'database'],
      [workspace.at('app_data', APP_DATA.configuration), 'duckdb', 'database'],
      [workspace.at('app_data', APP_DATA.reset), 'duckdb', 'database'],
      [workspace.at('app_data', APP_DATA.backup), 'duckdb', 'backup'],
    ]);
    for (const candidate of candidates) {
      const bytes = await readFile(candidate.path);
      expect(candidate.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
      expect(candidate.contentSha256).toBe(candidate.sha256);
      expect(candidate.size).toBe(bytes.length);
      expect(candidate.mtimeMs).toBe((await stat(candidate.path)).mtimeMs);
    }
    expect(await snapshot(workspace.path)).toEqual(before);
  });

  it('recognises databases by content, whatever they are called, and nothing else', async () => {
    await workspace.unpack('pyrit-v0.9.0.db', 'notes/holiday.jpeg');
    await workspace.unpack('violentutf.db', 'notes/without-extension');
    await workspace.put('readme.md', 'not a database');
    await workspace.put('notes/archive.bin', randomBytes(8192));
    const { candidates, findings } = await scan();
    expect(candidates.map(({ engine }) => engine)).toEqual(['duckdb', 'sqlite']);
    expect(candidates[0]?.writtenBy).toMatch(/^v\d+\.\d+\.\d+$/);
    expect(findings).toEqual([]);
  });

  it('says why what is called like a database is none', async () => {
    await workspace.put('empty.db', '');
    await workspace.put('pyrit_memory_0123456789abcdef.db', 'a text in the place of a database'.repeat(100));
    await workspace.put('sqlcipher.sqlite', randomBytes(8192));
    await makeDuckDb(workspace.at('sealed.db'), ['create table t as select 1 as a'], "(ENCRYPTION_KEY 'k')");
    const { candidates, findings } = await scan();
    expect(candidates).toEqual([]);
    expect(said(findings)).toEqual([
      'empty.db: empty',
      'pyrit_memory_0123456789abcdef.db: not-a-database',
      'sealed.db: encrypted',
      'sqlcipher.sqlite: not-a-database',
    ]);
    expect(findings[1]?.detail).not.toContain('random');
    expect(findings[3]?.detail).toContain('may be encrypted');
  });

  it('keeps a log with its database, and finds the ones whose database is gone', async () => {
    await workspace.unpack('walonly-0.9.0.db', 'pair.db');
    await workspace.unpack('walonly-0.9.0.db.wal', 'pair.db.wal');
    await workspace.unpack('walonly-0.9.0.db.wal', 'z/gone.db.wal');
    await workspace.put('z/hollow.db', '');
    await workspace.unpack('walonly-0.9.0.db.wal', 'z/hollow.db.wal');
    await workspace.put('z/lost.db-wal', 'a log of SQLite');
    const { candidates, findings } = await scan();
    expect(candidates.map(({ path, role, companions }) => [path.slice(workspace.path.length + 1), role, companions.length])).toEqual([
      ['pair.db', 'database', 1],
      ['z/gone.db.wal', 'orphan-log', 0],
      ['z/hollow.db.wal', 'orphan-log', 0],
    ]);
    const [pair, gone] = candidates;
    expect(pair?.companions[0]).toMatchObject({ role: 'log', sha256: gone?.sha256 });
    expect(pair?.contentSha256).not.toBe(pair?.sha256);
    expect(said(findings)).toEqual([
      'z/gone.db.wal: orphan-log',
      'z/hollow.db: empty',
      'z/hollow.db.wal: orphan-log',
      'z/lost.db-wal: orphan-log',
    ]);
  });

  it('does not follow links, and says where one leads out of the roots', async () => {
    await using elsewhere = await Workspace.create();
    await elsewhere.unpack('pyrit-v0.9.0.db');
    await workspace.unpack('pyrit-v0.9.0.db', 'real.db');
    await symlink(elsewhere.path, workspace.at('outside'));
    await symlink(elsewhere.at('pyrit-v0.9.0.db'), workspace.at('outside.db'));
    await symlink(workspace.at('real.db'), workspace.at('inside.db'));
    await symlink(workspace.path, workspace.at('loop'));
    await symlink(workspace.at('nowhere'), workspace.at('broken.db'));
    await symlink(workspace.at('nowhere'), workspace.at('broken.txt'));
    await symlink('self.db', workspace.at('self.db'));
    await link(workspace.at('real.db'), workspace.at('second-name.db'));
    const { candidates, findings } = await scan({}, [workspace.path, workspace.path]);
    expect(candidates.map(({ path }) => path)).toEqual([workspace.at('real.db')]);
    expect(said(findings)).toEqual([
      'broken.db: link-broken',
      'outside: link-outside',
      'outside.db: link-outside',
      'second-name.db: same-file',
      'self.db: link-broken',
    ]);
  });

  it('takes a link as a root, and a file', async () => {
    await workspace.unpack('pyrit-v0.9.0.db', 'here/a.db');
    await symlink(workspace.at('here'), workspace.at('root'));
    const { candidates } = await scan({}, [workspace.at('root')]);
    expect(candidates.map(({ path }) => path)).toEqual([workspace.at('here/a.db')]);
    expect((await scan({}, [workspace.at('here/a.db')])).candidates).toHaveLength(1);
  });

  it('stays within its depth and its number of files, and says so', async () => {
    await workspace.unpack('pyrit-v0.9.0.db', 'a/b/c/deep.db');
    expect((await scan({ maxDepth: 3 })).candidates).toHaveLength(1);
    const shallow = await scan({ maxDepth: 2 });
    expect(shallow.candidates).toEqual([]);
    expect(said(shallow.findings)).toEqual(['a/b/c: too-deep']);
    for (let number = 0; number < 20; number++) await workspace.put(`many/${number}.txt`, 'x');
    const few = await scan({ maxEntries: 10 });
    expect(few.findings.map(({ reason }) => reason)).toContain('too-many');
  });

  it('goes on where something may not be read or is not there', async () => {
    await workspace.unpack('pyrit-v0.9.0.db', 'closed/hidden.db');
    await workspace.unpack('pyrit-v0.9.0.db', 'open/secret.db');
    await workspace.unpack('walonly-0.9.0.db.wal', 'open/secret.db.wal');
    await workspace.unpack('pyrit-v0.6.0.db', 'open/visible.db');
    await chmod(workspace.at('closed'), 0o700);
    await chmod(workspace.at('open/secret.db'), 0o600);
    if (process.geteuid?.() !== 0) await chmod(workspace.at('closed'), 0).then(() => chmod(workspace.at('open/secret.db'), 0));
    const { candidates, findings } = await asNobody(() => scan({}, [workspace.at('absent'), workspace.path]));
    await chmod(workspace.at('closed'), 0o700);
    expect(candidates.map(({ path }) => path)).toEqual([workspace.at('open/visible.db')]);
    expect(said(findings)).toEqual(['absent: missing', 'closed: no-permission', 'open/secret.db: no-permission']);
  });

  it('leaves alone what this process has open, log included', async () => {
    await workspace.unpack('walonly-0.9.0.db', 'live.db');
    await workspace.unpack('walonly-0.9.0.db.wal', 'live.db.wal');
    const { dev, ino } = await stat(workspace.at('live.db'), { bigint: true });
    const { candidates, findings } = await scan({ isOpenHere: (identity) => identity === `${dev}:${ino}` });
    expect(candidates).toEqual([]);
    expect(said(findings)).toEqual(['live.db: open-here']);
  });

  it('names the process that holds a file', async () => {
    await workspace.unpack('pyrit-v0.9.0.db', 'busy.db');
    const driver = createRequire(import.meta.url).resolve('@duckdb/node-api');
    const program = `
      const { DuckDBInstance } = require(${JSON.stringify(driver)});
      DuckDBInstance.create(${JSON.stringify(workspace.at('busy.db'))}).then((instance) => {
        globalThis.kept = instance;
        process.stdout.write('open');
        process.stdin.resume();
      });`;
    const holder = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'], env: {} });
    try {
      await once(holder.stdout, 'data');
      const { candidates, findings } = await scan();
      expect(candidates).toEqual([]);
      expect(said(findings)).toEqual(['busy.db: held']);
      expect(findings[0]?.detail).toContain(`process ${holder.pid} `);
    } finally {
      holder.kill('SIGKILL');
      await once(holder, 'exit');
    }
    expect((await scan()).candidates).toHaveLength(1);
  });

  it('never waits at a pipe, and can be stopped', async () => {
    await mkdir(workspace.at('folder.db'));
    await once(spawn('mkfifo', [workspace.at('pipe.db')]), 'exit');
    await workspace.unpack('pyrit-v0.9.0.db', 'z.db');
    expect((await scan()).candidates).toHaveLength(1);
    await expect(scan({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });

  it('says the same of the same files every time', async () => {
    for (const name of ['b/x.db', 'a/x.db', 'c.db', join('a', 'b', 'y.db')]) await workspace.put(name, await fixture('pyrit-v0.9.0.db'));
    const first = await all(discover([workspace.path], NOTHING_OPEN));
    expect(await all(discover([workspace.path], NOTHING_OPEN))).toEqual(first);
    expect(first).toHaveLength(4);
  });
});
