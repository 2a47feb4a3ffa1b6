import { describe, expect, it } from '@jest/globals';
import { assert, property, string } from 'fast-check';
import { canonicalName, hasClaim, oidcIdentity, sharedSecretIdentity, Unidentified, type Claims } from './canonical-user.js';

describe('sharedSecretIdentity', () => {
  it.each<[string, Claims, string]>([
    ['the preferred username first', { preferred_username: 'ada', username: 'x', email: 'y@z', sub: 'w' }, 'ada'],
    ['then the username', { username: 'Ada', email: 'y@z', sub: 'w' }, 'ada'],
    ['then the whole e-mail address', { email: 'Ada.Lovelace@Example.org', sub: 'w' }, 'ada.lovelace@example.org'],
    ['then the subject', { sub: 'violentutf.web' }, 'violentutf.web'],
    ['an empty claim counts as missing', { preferred_username: ' ', username: '', email: null, sub: 'ada' }, 'ada'],
    ['letters of any case', { sub: 'ADA' }, 'ada'],
    ['space around', { sub: '  ada\n' }, 'ada'],
    ['space inside', { sub: 'Ada  King\tLovelace' }, 'ada_king_lovelace'],
    ['compatibility characters', { sub: 'Ａｄａ ﬁ' }, 'ada_fi'],
    ['combined and precomposed characters', { sub: 'Zoe\u0308' }, 'zoë'],
    ['the longest name', { sub: 'a'.repeat(256) }, 'a'.repeat(256)],
  ])('%s', (_what, claims, name) => {
    expect(sharedSecretIdentity(claims)).toEqual({ issuer: 'shared-secret', name });
  });

  it.each<[string, Claims]>([
    ['no name at all', { name: 'Ada', roles: ['admin'] }],
    ['a number for a name', { preferred_username: 1, sub: 'ada' }],
    ['a list for a name', { username: ['ada'], sub: 'ada' }],
    ['a name that is too long', { sub: 'a'.repeat(257) }],
    ['a huge name', { sub: 'ﷺ'.repeat(100_000) }],
    ['an invisible character', { sub: 'ada\u200b' }],
    ['a control character', { sub: 'a\u0000da' }],
    ['what looks like an issuer and a subject', { sub: 'https://id.example.org|42' }],
    ['a placeholder before a name', { preferred_username: 'keycloak_user', sub: 'ada' }],
  ])('refuses %s', (_what, claims) => {
    expect(() => sharedSecretIdentity(claims)).toThrow(Unidentified);
  });

  it.each([
    'keycloak_user',
    'user',
    'User',
    'local_user',
    'streamlit_user',
    'unknown_user',
    'Unknown User',
    'ANONYMOUS',
    ' guest ',
    'None',
    'ｕｓｅｒ',
    'null',
    'undefined',
    'unknown',
  ])('refuses the placeholder %j', (sub) => {
    expect(() => sharedSecretIdentity({ sub })).toThrow(/placeholder/);
  });

  it('never repeats a name that it refuses', () => {
    expect(() => sharedSecretIdentity({ sub: `hunter2${'x'.repeat(300)}` })).toThrow(/^((?!hunter2).)*$/);
  });
});

describe('canonicalName', () => {
  it('is a fixed point: the name of a name is itself', () => {
    assert(
      property(string({ unit: 'grapheme', maxLength: 60 }), (text) => {
        let name: string;
        try {
          name = canonicalName(text);
        } catch (error) {
          expect(error).toBeInstanceOf(Unidentified);
          return;
        }
        expect(canonicalName(name)).toBe(name);
        expect(name.length).toBeLessThanOrEqual(256);
        expect(name).not.toMatch(/\s|\|/);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('oidcIdentity', () => {
  it('is the issuer and the subject, as they are', () => {
    const issuer = 'https://id.example.org/realms/a';
    expect(oidcIdentity(issuer, { sub: 'F-42', preferred_username: 'user' })).toEqual({ issuer, name: `${issuer}|F-42` });
  });

  it.each<[string, Claims]>([
    ['no subject', { preferred_username: 'ada' }],
    ['an empty subject', { sub: ' ' }],
    ['a number', { sub: 7 }],
    ['control characters', { sub: 'a\nb' }],
    ['too much', { sub: 'a'.repeat(257) }],
  ])('refuses %s', (_what, claims) => {
    expect(() => oidcIdentity('https://id.example.org', claims)).toThrow(Unidentified);
  });
});

describe('hasClaim', () => {
  it.each<[Claims, string, boolean]>([
    [{ realm_access: { roles: ['user', 'admin'] } }, 'realm_access.roles', true],
    [{ realm_access: { roles: ['user'] } }, 'realm_access.roles', false],
    [{ role: 'admin' }, 'role', true],
    [{ role: 'administrator' }, 'role', false],
    [{ 'https://example.org/roles': ['admin'] }, 'https://example.org/roles', true],
    [{}, 'realm_access.roles', false],
    [{ realm_access: null }, 'realm_access.roles', false],
    [{}, 'constructor.name', false],
  ])('%j at %s: %s', (claims, claim, expected) => {
    expect(hasClaim(claims, claim, 'admin')).toBe(expected);
  });
});
