import { expect, test } from '@jest/globals';
import { HostRules } from './host-rules.js';

const rules = new HostRules(
  ['Models.corp', 'gpu.corp:8000', '*.lab.corp', '10.0.0.0/8', '192.168.1.5', '127.0.0.1:9000', 'fd00::/8', '[::1]:7000', 'müller.example'],
  'LIST',
);

test.each([
  ['models.corp', 443, true],
  ['MODELS.corp.', 1, true],
  ['a.models.corp', 443, false],
  ['gpu.corp', 8000, true],
  ['gpu.corp', 8001, false],
  ['x.y.lab.corp', 80, true],
  ['lab.corp', 80, true],
  ['evillab.corp', 80, false],
  ['10.200.0.1', 80, true],
  ['[::ffff:10.0.0.1]', 80, true],
  ['192.168.1.5', 80, true],
  ['192.168.1.6', 80, false],
  ['127.0.0.1', 9000, true],
  ['127.0.0.1', 9001, false],
  ['[fd12::1]', 80, true],
  ['[::1]', 7000, true],
  ['[::1]', 7001, false],
  ['xn--mller-kva.example', 80, true],
])('%s port %i: %s', (host, port, expected) => expect(rules.matchesHost(host, port)).toBe(expected));

test('a resolved address is compared with addresses and ranges, not with ports', () => {
  expect(rules.matchesAddress('10.9.9.9')).toBe(true);
  expect(rules.matchesAddress('::ffff:192.168.1.5')).toBe(true);
  expect(rules.matchesAddress('127.0.0.1')).toBe(false);
});

test('NO_PROXY covers the names below a name, and * everything', () => {
  const noProxy = new HostRules(['example.com', 'other.com:8443'], 'NO_PROXY', 'with-subdomains');
  expect(noProxy.matchesHost('api.example.com', 443)).toBe(true);
  expect(noProxy.matchesHost('example.com', 443)).toBe(true);
  expect(noProxy.matchesHost('notexample.com', 443)).toBe(false);
  expect(noProxy.matchesHost('a.other.com', 8443)).toBe(true);
  expect(noProxy.matchesHost('a.other.com', 443)).toBe(false);
  expect(new HostRules(['*'], 'NO_PROXY').matchesHost('anything', 1)).toBe(true);
  expect(new HostRules(['', ' '], 'NO_PROXY').matchesHost('anything', 1)).toBe(false);
});

test.each(['http://a.b', '10.0.0.0/33', 'fd00::/129', 'a b', 'host:99:1', '/8', 'a..b', '300.0.0.0/8'])(
  '%s is refused by name',
  (entry) => {
    expect(() => new HostRules([entry], 'GENERATOR_ALLOW_PRIVATE')).toThrow(
      `GENERATOR_ALLOW_PRIVATE has an entry that can't be read: '${entry}'`,
    );
  },
);
