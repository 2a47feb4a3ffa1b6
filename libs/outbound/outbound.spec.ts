import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo, type Server } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, expect, test } from '@jest/globals';
import { TEST_CERTIFICATE, TEST_KEY } from '../../test/targets/certificate.js';
import { createOutbound, type Outbound, type OutboundOptions } from './index.js';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function listening(server: Server & { closeAllConnections?: () => void }): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections?.();
    await closed;
  });
  return (server.address() as AddressInfo).port;
}

async function serve(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listening(createServer(listener))}`;
}

function outbound(options: OutboundOptions = {}): Outbound {
  const created = createOutbound({ allowPrivate: ['127.0.0.1'], ...options });
  open.push(() => created.close());
  return created;
}

const failure = async (promise: Promise<unknown>): Promise<Error> => {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('It did not fail.');
};

test('sends method, headers and body, and returns a standard response', async () => {
  const url = await serve((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.writeHead(201, { 'x-seen': String(request.headers['x-mine']), 'set-cookie': ['a=1', 'b=2'], 'content-type': 'text/plain' });
      response.end(`${request.method} ${request.url} ${request.headers['content-type']} ${Buffer.concat(chunks).toString()}`);
    });
  });
  const { fetch } = outbound();
  const response = await fetch(`${url}/a?b=c`, { method: 'post', headers: { 'X-Mine': 'yes' }, body: 'grüß' });
  expect(response.status).toBe(201);
  expect(response.url).toBe(`${url}/a?b=c`);
  expect(response.headers.get('x-seen')).toBe('yes');
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  expect(await response.text()).toBe('POST /a?b=c text/plain;charset=UTF-8 grüß');

  const form = new FormData();
  form.set('field', 'value');
  expect(await (await fetch(new URL(url), { method: 'POST', body: form })).text()).toMatch(
    /multipart\/form-data; boundary=.*name="field"/s,
  );
  expect(await (await fetch(new Request(url, { method: 'PUT', body: 'x' }))).text()).toBe('PUT / text/plain;charset=UTF-8 x');
  expect(await (await fetch(url, { method: 'POST', body: new Uint8Array([65, 66]) })).text()).toBe('POST / undefined AB');
});

test('keeps connections alive, and opens no more than allowed', async () => {
  const ports = new Set<number>();
  const url = await serve((request, response) => {
    ports.add(request.socket.remotePort ?? 0);
    setTimeout(() => response.end('ok'), 5);
  });
  const { fetch } = outbound({ maxConnectionsPerOrigin: 3 });
  const answers = await Promise.all(Array.from({ length: 30 }, async () => (await fetch(url)).text()));
  expect(new Set(answers)).toEqual(new Set(['ok']));
  expect(ports.size).toBe(3);
});

test('returns redirects and never follows them', async () => {
  let requests = 0;
  const url = await serve((_request, response) => {
    requests += 1;
    response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end();
  });
  const response = await outbound().fetch(url, { redirect: 'follow' });
  expect(response.status).toBe(302);
  expect(response.headers.get('location')).toBe('http://169.254.169.254/latest');
  expect(requests).toBe(1);
});

test.each([
  '127.0.0.1',
  '2130706433',
  '0x7f.1',
  '0177.0.0.1',
  '127.1',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '0.0.0.0',
  'localhost',
  '①②⑦.0.0.1',
])('refuses http://%s, however it is written', async (host) => {
  let connections = 0;
  const server = createServer().on('connection', () => (connections += 1));
  const port = await listening(server);
  const error = await failure(outbound({ allowPrivate: [] }).fetch(`http://${host}:${port}/`));
  expect(error.name).toBe('AddressRefused');
  expect(error.message).toContain('GENERATOR_ALLOW_PRIVATE');
  expect(error.message).toContain(`:${port}'`);
  expect(connections).toBe(0);
});

test.each(['169.254.169.254', '10.0.0.1', '100.64.0.1', '[fd00:ec2::254]', '[64:ff9b::a9fe:a9fe]'])(
  'refuses http://%s at once',
  async (host) => {
    expect((await failure(outbound({ allowPrivate: [] }).fetch(`http://${host}/`))).name).toBe('AddressRefused');
  },
);

test.each([['127.0.0.1'], ['127.0.0.0/8'], ['127.0.0.1:PORT'], ['*']])('%s allows the address', async (entry) => {
  const url = await serve((_request, response) => response.end('in'));
  const { fetch } = outbound({ allowPrivate: [entry.replace('PORT', new URL(url).port)] });
  expect(await (await fetch(url)).text()).toBe('in');
});

test('a name may be allowed by itself, with its port, or by what it resolves to', async () => {
  const port = new URL(await serve((_request, response) => response.end('in'))).port;
  for (const entry of ['localhost', `localhost:${port}`, '127.0.0.0/8']) {
    expect(await (await outbound({ allowPrivate: [entry] }).fetch(`http://localhost:${port}`)).text()).toBe('in');
  }
  expect((await failure(outbound({ allowPrivate: ['localhost:1'] }).fetch(`http://localhost:${port}`))).name).toBe('AddressRefused');
});

test('the address that is connected to is the one that is checked: a second answer of the name server does not pass', async () => {
  const port = new URL(await serve((_request, response) => response.end('in').socket?.end())).port;
  const answers = ['127.0.0.1', '10.255.255.1'];
  let asked = 0;
  const { fetch } = outbound({
    allowPrivate: ['127.0.0.0/8'],
    resolve: (_name, callback) => callback(null, [{ address: answers[Math.min(asked++, 1)] ?? '', family: 4 }]),
  });
  expect(await (await fetch(`http://rebind.test:${port}`)).text()).toBe('in');
  // Answered by the kept-alive connection or by a new one: only the latter asks again, and is refused.
  let last: Error | null = null;
  while (!last)
    last = await fetch(`http://rebind.test:${port}`).then(
      () => null,
      (error: Error) => error,
    );
  expect(last.name).toBe('AddressRefused');
  expect(last.message).toContain(`'rebind.test:${port}'`);
  expect(last.message).not.toContain('10.255');
});

test('of several addresses, only those that may be reached are tried', async () => {
  const port = new URL(await serve((_request, response) => response.end('in'))).port;
  const { fetch } = outbound({
    resolve: (_name, callback) =>
      callback(null, [
        { address: '10.255.255.1', family: 4 },
        { address: 'fd00::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
      ]),
  });
  expect(await (await fetch(`http://several.test:${port}`)).text()).toBe('in');
});

test('only http and https, and no credentials in the URL', async () => {
  const { fetch } = outbound();
  for (const url of ['file:///etc/passwd', 'data:text/plain,x', 'ftp://example.com/']) {
    expect((await failure(fetch(url))).message).toContain('Only http and https');
  }
  const error = await failure(fetch('http://user:hunter2@127.0.0.1/'));
  expect(error.message).toContain('credentials');
  expect(error.message).not.toContain('hunter2');
});

test('cuts off an answer that is too large, packed or not', async () => {
  const big = Buffer.alloc(300_000, 'x');
  const url = await serve((request, response) => {
    if (request.url === '/plain') response.end(big);
    else if (request.url === '/endless') {
      const more = (): void => void (response.destroyed || (response.write(big), setImmediate(more)));
      more();
    } else if (request.url === '/gzip') response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(big));
    else response.end(big.subarray(0, 100_000));
  });
  const { fetch } = outbound({ maxResponseBytes: 100_000 });
  for (const path of ['/plain', '/endless', '/gzip']) {
    const error = await failure(fetch(url + path));
    expect(error.name).toBe('AnswerTooLarge');
    expect(error.message).toContain('100000 bytes');
  }
  expect((await (await fetch(`${url}/fits`)).text()).length).toBe(100_000);
});

test('unpacks what it did not ask to be packed, and says what it cannot unpack', async () => {
  const packed: Record<string, Buffer> = {
    gzip: gzipSync('hello'),
    deflate: deflateSync('hello'),
    br: brotliCompressSync('hello'),
    zstd: zstdCompressSync('hello'),
    'gzip, br': brotliCompressSync(gzipSync('hello')),
    identity: Buffer.from('hello'),
  };
  const url = await serve((request, response) => {
    const encoding = decodeURIComponent(request.url?.slice(1) ?? '');
    response.writeHead(200, { 'content-encoding': encoding }).end(Object.hasOwn(packed, encoding) ? packed[encoding] : 'garbage');
  });
  const { fetch } = outbound();
  for (const encoding of Object.keys(packed)) {
    const response = await fetch(`${url}/${encodeURIComponent(encoding)}`);
    expect([encoding, await response.text()]).toEqual([encoding, 'hello']);
    expect(response.headers.get('content-encoding')).toBeNull();
  }
  for (const encoding of ['x-gzip', 'secret-sauce', 'constructor', 'gzip,gzip,gzip']) {
    expect((await failure(fetch(`${url}/${encodeURIComponent(encoding)}`))).name).toBe('UnreadableAnswer');
  }
});

test('an answer that no standard response can hold is an error, not a crash', async () => {
  const port = await listening(
    createServer().on('connection', (socket) => {
      socket.on('data', () => socket.end('HTTP/1.1 999 Odd\r\ncontent-length: 2\r\n\r\nhi'));
    }),
  );
  expect((await failure(outbound().fetch(`http://127.0.0.1:${port}`))).name).toBe('UnreadableAnswer');
});

test('204 has no body', async () => {
  const url = await serve((_request, response) => response.writeHead(204).end());
  const response = await outbound().fetch(url);
  expect([response.status, response.body]).toEqual([204, null]);
});

test('the signal ends the request on the wire, with its own reason', async () => {
  let gone: () => void = () => undefined;
  const left = new Promise<void>((resolve) => (gone = resolve));
  const url = await serve((request, response) => {
    if (request.url === '/body') response.write('half');
    response.once('close', gone);
  });
  const { fetch } = outbound();
  const reason = new Error('enough');
  expect(await failure(fetch(url, { signal: AbortSignal.abort(reason) }))).toBe(reason);
  for (const path of ['/', '/body']) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 50);
    expect(await failure(fetch(url + path, { signal: controller.signal }))).toBe(reason);
  }
  await left;
});

test('a transport error is the cause of a TypeError, as the standard has it', async () => {
  const url = await serve(() => undefined);
  await open.pop()?.();
  const refused = await failure(outbound().fetch(url));
  expect(refused).toBeInstanceOf(TypeError);
  expect((refused.cause as { code?: string }).code).toBe('ECONNREFUSED');
  const unknown = await failure(outbound().fetch('http://does-not-exist.invalid/'));
  expect((unknown.cause as { code?: string }).code).toMatch(/ENOTFOUND|EAI_AGAIN/);
  const slow = await serve(() => undefined);
  const late = await failure(outbound({ headersTimeoutMs: 100 }).fetch(slow));
  expect((late.cause as { code?: string }).code).toBe('UND_ERR_HEADERS_TIMEOUT');
});

test('https: an unknown CA is refused, an extra one trusted', async () => {
  const port = await listening(createTlsServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }, (_request, response) => response.end('sealed')));
  const refused = await failure(outbound().fetch(`https://127.0.0.1:${port}`));
  expect((refused.cause as { code?: string }).code).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  const trusted = outbound({ extraCa: [TEST_CERTIFICATE] });
  expect(await (await trusted.fetch(`https://127.0.0.1:${port}`)).text()).toBe('sealed');
  expect(() => createOutbound({ extraCa: ['-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----'] })).toThrow(
    /Extra CA certificate 1 can't be read/,
  );
});

test('https goes through the proxy, but for NO_PROXY; the policy then judges the host as written', async () => {
  const port = await listening(createTlsServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }, (_request, response) => response.end('sealed')));
  const tunnels: string[] = [];
  const proxy = createServer().on('connect', (request, client) => {
    tunnels.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`);
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
    open.push(async () => void client.destroy());
  });
  const proxyPort = await listening(proxy);
  const { fetch } = outbound({
    httpsProxy: `http://me:pass@127.0.0.1:${proxyPort}`,
    noProxy: ['127.0.0.1'],
    extraCa: [TEST_CERTIFICATE],
    allowPrivate: ['127.0.0.1', 'secure.test'],
  });
  expect(await (await fetch('https://secure.test/')).text()).toBe('sealed');
  expect(tunnels).toEqual(['secure.test:443 Basic bWU6cGFzcw==']);
  expect(await (await fetch(`https://127.0.0.1:${port}/`)).text()).toBe('sealed');
  for (const host of ['10.0.0.1', 'localhost', 'redis', 'metadata.google.internal', 'db.home.arpa', '[::1]']) {
    expect((await failure(fetch(`https://${host}/`))).name).toBe('AddressRefused');
  }
  expect(tunnels).toHaveLength(1);
  expect(() => createOutbound({ httpsProxy: 'socks://x' })).toThrow('HTTPS_PROXY must be an http or https URL.');
});

test('closing ends what still runs and refuses what comes later', async () => {
  const url = await serve(() => undefined);
  const { fetch, close } = outbound();
  const running = failure(fetch(url));
  await new Promise((resolve) => setTimeout(resolve, 50));
  await close();
  expect((await running).message).toBe('fetch failed');
  expect((await failure(fetch(url))).message).toBe('fetch failed');
});
