import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { secondsOf } from './minted-token.js';
import { runBuilt } from './testing/built-command.js';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'commands-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

const run = (command: string, args: readonly string[], env: Record<string, string> = {}) =>
  runBuilt(command, args, { DATA_DIR: directory, ...env });

describe('npm run token', () => {
  it('prints a token and nothing else, signed with the secret of the data directory, which it makes as the server would', async () => {
    const { code, stdout, stderr } = await run('token', ['--user', 'Ada Lovelace', '--ttl', '90s', '--email', 'ada@example.org']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const secret = readFileSync(join(directory, 'jwt-secret'), 'utf8');
    const claims = jwt.verify(stdout.trim(), secret, { algorithms: ['HS256'], complete: false }) as jwt.JwtPayload;
    expect(claims).toMatchObject({ sub: 'ada_lovelace', preferred_username: 'Ada Lovelace', email: 'ada@example.org' });
    expect(Number(claims.exp) - Number(claims.iat)).toBe(90);
  });

  it('takes the secret of the environment', async () => {
    const secret = 'q7Yh2mVx0PzL9sKd4RtB8wNc6JfG1aEu';
    const { stdout } = await run('token', ['--user', 'ada'], { JWT_SECRET_KEY: secret });
    expect(jwt.verify(stdout.trim(), secret)).toMatchObject({ preferred_username: 'ada' });
    expect(readdirSync(directory)).not.toContain('jwt-secret');
  });

  it.each([
    [[], /Say who the token is for/],
    [['--user', 'Keycloak User'], /placeholder/],
    [['--user', ' '], /empty/],
    [['--user', 'ada', '--ttl', '2 hours'], /--ttl must be/],
    [['--user', 'ada', '--for', 'ever'], /Unknown option/],
  ])('says on standard error what is wrong with %j', async (args, sentence) => {
    const { code, stdout, stderr } = await run('token', args);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/\n {4}at /);
  });

  it('has nothing to give where only an OIDC issuer counts, and says every fault of the configuration', async () => {
    const oidc = { OIDC_ISSUER: 'https://id.example.org', OIDC_AUDIENCE: 'violentutf' };
    expect((await run('token', ['--user', 'ada'], oidc)).stderr).toMatch(/only the tokens of its OIDC issuer/);
    expect((await run('token', ['--user', 'ada'], { PORT: 'x' })).stderr).toMatch(/PORT must be/);
  });

  it('understands seconds, minutes, hours and days', () => {
    expect(['45s', '30m', '12h', '7d'].map(secondsOf)).toEqual([45, 1_800, 43_200, 604_800]);
    for (const wrong of ['0s', '367d', '1w', '', 'h', '1.5h']) expect(() => secondsOf(wrong)).toThrow(/--ttl/);
  });
});

describe('npm run catalog', () => {
  it('says how it is used, and why it can not do what it is asked to', async () => {
    for (const args of [[], ['mend'], ['list', 'all']]) {
      const { code, stderr } = await run('catalog', args);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/rebuild \[--force\]/)]);
    }
    const { code, stderr } = await run('catalog', ['list']);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/catalog\.db is missing/)]);
  });
});

describe('npm run backup and npm run restore', () => {
  it('say how they are used', async () => {
    for (const args of [[], ['mend'], ['verify'], ['list', 'all']]) {
      const { code, stderr } = await run('backup', args);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/backup -- create .*\| list \| verify BACKUP \| keys --to FOLDER/)]);
    }
    const { code, stderr } = await run('restore', ['--from', 'x']);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/--from BACKUP --to NEW_DATA_DIR \[--keys FOLDER\] \[--resume\]/)]);
  });
});
