import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Unavailable } from '#core';
import { ManualClock } from '#core/testing';
import { IssuerKeys } from './issuer-keys.js';
import { PracticeIssuer } from './testing/practice-issuer.js';

let issuer: PracticeIssuer;
let clock: ManualClock;
let keys: IssuerKeys;

beforeEach(async () => {
  issuer = await PracticeIssuer.start();
  issuer.addKey('one', 'RS256');
  clock = new ManualClock(1_000_000);
  keys = new IssuerKeys(issuer.url, clock);
});

afterEach(() => issuer[Symbol.asyncDispose]());

/** The two requests of one look at the issuer: discovery and key set. */
const LOOK = 2;

describe('IssuerKeys', () => {
  it('finds keys by discovery, once for all who ask', async () => {
    const found = await Promise.all(Array.from({ length: 20 }, () => keys.find('one', 'RS256')));
    expect(new Set(found)).toEqual(new Set([issuer.publicPem('one')]));
    expect(issuer.requests).toBe(LOOK);
  });

  it('takes a key for its own algorithm only, and without a key id only when there is one choice', async () => {
    issuer.addKey('curve', 'ES256');
    expect(await keys.find('one', 'ES256')).toBeNull();
    expect(await keys.find(undefined, 'RS256')).toBe(issuer.publicPem('one'));
    issuer.addKey('two', 'RS256');
    await clock.advance(10_000);
    expect(await keys.find('two', 'RS256')).toBe(issuer.publicPem('two'));
    expect(await keys.find(undefined, 'RS256')).toBeNull();
    expect(await keys.find('symmetric', 'RS256')).toBeNull();
    expect(await keys.find('broken', 'RS256')).toBeNull();
  });

  it('finds a new key at once, but does not ask for every invented one', async () => {
    await keys.find('one', 'RS256');
    await clock.advance(10_000);
    issuer.addKey('two', 'RS256');
    expect(await keys.find('two', 'RS256')).toBe(issuer.publicPem('two'));
    for (let index = 0; index < 50; index++) expect(await keys.find(`invented ${index}`, 'RS256')).toBeNull();
    expect(issuer.requests).toBe(2 * LOOK);
  });

  it('drops a key that is no longer published, ten minutes later at the latest', async () => {
    await keys.find('one', 'RS256');
    issuer.removeKey('one');
    issuer.addKey('two', 'RS256');
    await clock.advance(10 * 60_000 + 1);
    await keys.find('one', 'RS256');
    const deadline = Date.now() + 5_000;
    while ((await keys.find('one', 'RS256')) !== null && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await keys.find('one', 'RS256')).toBeNull();
  });

  it('goes on with what it has when the issuer is down, for as long as that lasts', async () => {
    const pem = await keys.find('one', 'RS256');
    issuer.fault = 'down';
    for (let hour = 0; hour < 3; hour++) {
      await clock.advance(3_600_000);
      expect(await keys.find('one', 'RS256')).toBe(pem);
    }
    await expect(keys.find('two', 'RS256')).rejects.toThrow(Unavailable);
  });

  it('can say nothing when it has never reached the issuer, asks rarely, and recovers', async () => {
    issuer.fault = 'down';
    await expect(keys.find('one', 'RS256')).rejects.toThrow(Unavailable);
    await expect(keys.find('one', 'RS256')).rejects.toThrow(Unavailable);
    expect(issuer.requests).toBe(1);
    issuer.fault = 'none';
    await clock.advance(10_000);
    expect(await keys.find('one', 'RS256')).toBe(issuer.publicPem('one'));
  });

  it.each([
    ['other-issuer', /names another issuer/],
    ['insecure-keys', /not an https URL/],
    ['not-json', /can't be asked/],
    ['huge', /too large/],
  ] as const)('does not believe an answer with the fault %s', async (fault, message) => {
    issuer.fault = fault;
    await expect(keys.find('one', 'RS256')).rejects.toThrow(message);
  });
});
