import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { signedHeaders } from './webhook-signature.js';

const KEY = Buffer.alloc(32, 'a key of tests');
const SECRET = `whsec_${KEY.toString('base64')}`;
const BODY = '{"type":"alert.firing","data":{"summary":"Bäume."}}';

let directory: string;
/** The example of the manual. */
let isFromOurServer: (headers: Readonly<Record<string, string>>, body: string, secret: string) => boolean;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'signature-'));
  const manual = await readFile(join(import.meta.dirname, '../../docs/operating.md'), 'utf8');
  const [, example = ''] = /```js\n(.*?)```/s.exec(manual) ?? [];
  await writeFile(join(directory, 'example.mjs'), example);
  ({ isFromOurServer } = (await import(join(directory, 'example.mjs'))) as { isFromOurServer: typeof isFromOurServer });
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

describe('A signature', () => {
  it('is that of Standard Webhooks', () => {
    // The example of its specification.
    const key = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
    const headers = signedHeaders('msg_p5jXN8AQM9LWM0D4loKWxJek', '{"test": 2432232314}', key, 1_614_265_330_000);
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('is checked by the example of the manual', () => {
    const headers = signedHeaders('an id', BODY, KEY, Date.now());
    expect(isFromOurServer(headers, BODY, SECRET)).toBe(true);
    expect(isFromOurServer({ ...headers, 'webhook-signature': `v1,AAAA ${headers['webhook-signature']}` }, BODY, SECRET)).toBe(true);
    for (const forged of [
      isFromOurServer(headers, `${BODY} `, SECRET),
      isFromOurServer({ ...headers, 'webhook-id': 'another' }, BODY, SECRET),
      isFromOurServer(headers, BODY, `whsec_${Buffer.alloc(32, 'another').toString('base64')}`),
      isFromOurServer(signedHeaders('an id', BODY, KEY, Date.now() - 600_000), BODY, SECRET),
      isFromOurServer({}, BODY, SECRET),
    ])
      expect(forged).toBe(false);
  });
});
