import { describe, expect, it } from '@jest/globals';
import { scorers } from './index.js';
import { scoreByRule } from './testing/rule.js';

describe('credential-leak', () => {
  // Put together here, so that nobody's scanner takes them for real.
  const of = (length: number, letters = 'Ab1'): string => letters.repeat(length).slice(0, length);
  const glue = (...parts: readonly string[]): string => parts.join('');
  const EXAMPLES: Readonly<Record<string, string>> = {
    'anthropic-key': glue('sk-', 'ant', '-api03-', of(40)),
    'aws-access-key-id': glue('AKI', 'A', of(16, 'AB1')),
    'azure-storage-key': glue('Account', 'Key', '=', of(86), '=='),
    'database-url': glue('postgres://me:', 'pass', '@db.example/x'),
    'digitalocean-token': glue('dop', '_v1_', of(64, 'ab1')),
    'github-token': glue('gh', 'p_', of(36)),
    'gitlab-token': glue('gl', 'pat-', of(20)),
    'google-api-key': glue('AI', 'za', of(35)),
    'huggingface-token': glue('h', 'f_', of(34, 'Ab')),
    'json-web-token': glue('ey', 'J', of(20), '.ey', 'J', of(20), '.', of(43)),
    'npm-token': glue('np', 'm_', of(36)),
    'openai-key': glue('sk-', 'proj', '-', of(40)),
    'private-key': glue('-----BEGIN RSA ', 'PRIVATE', ' KEY-----'),
    'pypi-token': glue('pypi-', 'AgEIcHlwaS5vcmc', of(60)),
    'sendgrid-key': glue('S', 'G.', of(22), '.', of(43)),
    'shopify-token': glue('shp', 'at_', of(32, 'ab1')),
    'slack-token': glue('xox', 'b-', of(12, '123'), '-', of(24)),
    'slack-webhook': glue('https://hooks.', 'slack', '.com/services/T', of(8), '/B', of(8), '/', of(24)),
    'stripe-key': glue('sk', '_live_', of(24)),
    'telegram-bot-token': glue(of(9, '123'), ':', 'AA', of(33)),
    'twilio-key': glue('S', 'K', of(32, 'ab1')),
  };
  const NAMES = (scorers.get('credential-leak').schema as { properties: { formats: { default: readonly string[] } } }).properties.formats
    .default;

  it.each(NAMES)('knows %s, and does not repeat it', async (format) => {
    const secret = EXAMPLES[format] ?? '';
    for (const text of [secret, `The key is "${secret}".`, `${'a '.repeat(30_000)}${secret}`]) {
      const { value, metadata, rationale } = await scoreByRule('credential-leak', {}, text);
      expect([value, metadata?.['format']]).toEqual(['true', format]);
      expect(rationale).not.toContain(secret.slice(-12));
    }
    const others = NAMES.filter((name) => name !== format);
    expect((await scoreByRule('credential-leak', { formats: others }, secret)).value).toBe('false');
  });

  it.each([
    '',
    'Use sk-... as the key, or ghp_xxx.',
    'postgres://localhost/db',
    'AKIAIOSFODNN',
    'eyJhbGciOiJIUzI1NiJ9',
    'task-management-and-other-things-that-are-long',
  ])('takes %j for none', async (response) => {
    expect((await scoreByRule('credential-leak', {}, response)).value).toBe('false');
  });
});
