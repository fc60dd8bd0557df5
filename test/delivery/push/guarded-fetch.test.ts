import type { TLSSocket } from 'node:tls';

import { beforeAll, describe, expect, it, vi } from 'vitest';

import {
  createGuardedFetch,
  GuardedFetchError,
  type GuardedFetchDeps,
} from '../../../src/delivery/push/guarded-fetch.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import {
  countEvents,
  countSockets,
  deadPort,
  httpServer,
  httpsServer,
  selfSigned,
  tcpServer,
  until,
} from './rig.ts';

const KIB = 1024;

function client(deps: Partial<GuardedFetchDeps> = {}) {
  const clock = new FakeClock();
  return {
    clock,
    ...createGuardedFetch({ allowPrivate: true, clock, resolve: async () => ['127.0.0.1'], ...deps }),
  };
}

async function failure(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'no error',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(GuardedFetchError);
  return (error as GuardedFetchError).reason;
}

describe('an exchange', () => {
  it('sends what it was given, to the name it was given, and reads the answer', async () => {
    const seen: unknown[] = [];
    const { port } = await httpServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { host, connection, 'x-one': one, 'content-length': length } = request.headers;
        const body = Buffer.concat(chunks).toString();
        seen.push({ method: request.method, path: request.url, host, connection, one, length, body });
        response.writeHead(202, { 'x-two': '2' }).end('fine');
      });
    });
    const { guardedFetch } = client();
    const url = `http://customer.example:${port}/a/b?c=d%20e#f`;
    const answer = await guardedFetch({ url, method: 'POST', headers: { 'x-one': '1' }, body: 'Zoë' });
    expect(answer).toMatchObject({ status: 202, headers: { 'x-two': '2' }, truncated: false });
    expect(answer.body.toString()).toBe('fine');
    expect(seen).toEqual([
      {
        method: 'POST',
        path: '/a/b?c=d%20e',
        host: `customer.example:${port}`,
        connection: 'close',
        one: '1',
        length: '4',
        body: 'Zoë',
      },
    ]);
  });

  it.each([301, 302, 303, 307, 308])('a %i is the answer: nobody goes after its Location', async status => {
    const paths: (string | undefined)[] = [];
    const { port } = await httpServer((request, response) => {
      paths.push(request.url);
      response.writeHead(status, { location: '/elsewhere' }).end();
    });
    expect((await client().guardedFetch({ url: `http://customer.example:${port}/` })).status).toBe(status);
    expect(paths).toEqual(['/']);
  });

  it('goes on to the next vetted address when one does not answer', async () => {
    const { port } = await httpServer((_, response) => response.end('here'));
    const { guardedFetch } = client({ resolve: async () => ['127.0.0.99', '::1', '127.0.0.1'] });
    expect((await guardedFetch({ url: `http://customer.example:${port}/` })).body.toString()).toBe('here');
  });
});

describe('limits', () => {
  const endless = async () => {
    let closed = false;
    let sent = 0;
    const { port } = await tcpServer(socket => {
      const chunk = Buffer.alloc(32 * KIB, 'x');
      const fill = (): void => {
        while (!socket.destroyed && socket.write(chunk)) sent += chunk.length;
        sent += chunk.length;
      };
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n');
        fill();
      });
      socket.on('drain', fill);
      socket.on('close', () => (closed = true));
    });
    return { url: `http://customer.example:${port}/`, closed: () => closed, sent: () => sent };
  };

  it('of a webhook’s endless answer 64 KiB are read, and the line is cut', async () => {
    const server = await endless();
    const answer = await client().guardedFetch({ url: server.url });
    expect(answer).toMatchObject({ status: 200, truncated: true });
    expect(answer.body).toHaveLength(64 * KIB);
    await until(server.closed);
    expect(server.sent()).toBeLessThan(16 * KIB * KIB);
  });

  it('an endless audio file is too large, at 4 MiB or as told', async () => {
    const server = await endless();
    const { fetchBytes } = client();
    expect(await failure(fetchBytes(server.url))).toBe('too-large');
    expect(await failure(fetchBytes(server.url, { maxBytes: 10 }))).toBe('too-large');
  });

  it('an audio file that fits is whole', async () => {
    const bytes = Buffer.alloc(3 * KIB * KIB, 'wav');
    const { port } = await httpServer((_, response) => response.end(bytes));
    const { fetchBytes } = client();
    const url = `http://customer.example:${port}/a.wav`;
    expect((await fetchBytes(url)).equals(bytes)).toBe(true);
    expect((await fetchBytes(url, { maxBytes: bytes.length })).length).toBe(bytes.length);
    expect(await failure(fetchBytes(url, { maxBytes: bytes.length - 1 }))).toBe('too-large');
  });

  it.each([204, 206, 302, 404, 500])('a %i is no audio file', async status => {
    const { port } = await httpServer((_, response) => response.writeHead(status).end());
    expect(await failure(client().fetchBytes(`http://customer.example:${port}/`))).toBe('status');
  });

  it('a file that breaks off is an error, not a shorter file', async () => {
    const { port } = await tcpServer(socket => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'));
    });
    expect(await failure(client().fetchBytes(`http://customer.example:${port}/`))).toBe('protocol');
  });

  it('headers beyond 16 KiB end it', async () => {
    const { port } = await tcpServer(socket => {
      socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20 * KIB)}\r\n\r\n`));
    });
    expect(await failure(client().guardedFetch({ url: `http://customer.example:${port}/` }))).toBe(
      'protocol',
    );
  });
});

describe('the deadline', () => {
  it('covers a resolver that never answers, and opens no socket for a late answer', async () => {
    const sockets = countSockets();
    const answer = Promise.withResolvers<string[]>();
    const { clock, guardedFetch } = client({ resolve: () => answer.promise });
    const work = failure(guardedFetch({ url: 'http://customer.example/' }));
    await clock.advanceAsync(14_999);
    expect(clock.pending).toBe(1);
    await clock.advanceAsync(1);
    expect(await work).toBe('timeout');
    answer.resolve(['127.0.0.1']);
    await clock.advanceAsync(0);
    expect(sockets.count).toBe(0);
  });

  it('covers a server that takes the connection and says nothing', async () => {
    let connected = 0;
    let closed = 0;
    const { port } = await tcpServer(socket => {
      connected++;
      socket.resume();
      socket.on('close', () => closed++);
    });
    const { clock, guardedFetch } = client();
    const work = failure(guardedFetch({ url: `http://customer.example:${port}/`, timeoutMs: 1000 }));
    await until(() => connected === 1);
    clock.advance(1000);
    expect(await work).toBe('timeout');
    await until(() => closed === 1);
    expect(clock.pending).toBe(0);
  });

  it('a TLS handshake that never ends', async () => {
    let connected = 0;
    const { port } = await tcpServer(socket => {
      connected++;
      socket.resume();
    });
    const { clock, guardedFetch } = client();
    const work = failure(guardedFetch({ url: `https://customer.example:${port}/` }));
    await until(() => connected === 1);
    clock.advance(15_000);
    expect(await work).toBe('timeout');
  });

  const dripping = async () => {
    const { port } = await tcpServer(socket => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\ndrip'));
    });
    return { ...client(), url: `http://customer.example:${port}/` };
  };

  it('a body that drips: what came counts for a webhook, nothing for a file', async () => {
    const heads = countEvents('http.client.response.finish');
    const webhook = await dripping();
    const answer = webhook.guardedFetch({ url: webhook.url });
    await until(() => heads.count === 1);
    webhook.clock.advance(15_000);
    expect(await answer).toMatchObject({ status: 200, truncated: true });
    const file = await dripping();
    const bytes = failure(file.fetchBytes(file.url));
    await until(() => heads.count === 2);
    file.clock.advance(15_000);
    expect(await bytes).toBe('timeout');
  });

  it('a caller that gives up, before and on the way', async () => {
    const sockets = countSockets();
    const { guardedFetch } = client();
    const signal = AbortSignal.abort();
    expect(await failure(guardedFetch({ url: 'http://customer.example/', signal }))).toBe('aborted');
    expect(sockets.count).toBe(0);
    let connected = 0;
    const { port } = await tcpServer(socket => {
      connected++;
      socket.resume();
    });
    const controller = new AbortController();
    const work = failure(
      guardedFetch({ url: `http://customer.example:${port}/`, signal: controller.signal }),
    );
    await until(() => connected === 1);
    controller.abort();
    expect(await work).toBe('aborted');
  });
});

describe('what can go wrong has a name', () => {
  it('dns', async () => {
    const refused = client({ resolve: () => Promise.reject(new Error('ENOTFOUND customer.example')) });
    expect(await failure(refused.guardedFetch({ url: 'http://customer.example/' }))).toBe('dns');
    const empty = client({ resolve: async () => [] });
    expect(await failure(empty.guardedFetch({ url: 'http://customer.example/' }))).toBe('dns');
  });

  it('connect', async () => {
    const url = `http://customer.example:${await deadPort()}/`;
    expect(await failure(client().guardedFetch({ url }))).toBe('connect');
  });

  it.each([
    ['no HTTP at all', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['nothing', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\nx-a: b'],
    ['an upgrade', 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\na'],
  ])('protocol: %s', async (_, answer) => {
    const { port } = await tcpServer(socket => socket.once('data', () => socket.end(answer)));
    const url = `http://customer.example:${port}/`;
    expect(await failure(client().guardedFetch({ url }))).toBe('protocol');
  });
});

describe('TLS', () => {
  let certificate: { key: string; cert: string };
  beforeAll(() => {
    certificate = selfSigned(['DNS:customer.example', 'IP:127.0.0.1']);
  });

  it('asks for the name in the URL, and checks the certificate against it', async () => {
    const { port } = await httpsServer(certificate, (_, response) => response.end('secret'));
    const { guardedFetch } = client({ allowHttp: false, ca: certificate.cert });
    const answer = await guardedFetch({ url: `https://customer.example:${port}/` });
    expect(answer.body.toString()).toBe('secret');
    expect(await failure(guardedFetch({ url: `https://other.example:${port}/` }))).toBe('tls');
  });

  it('sends the name along, and none for an address', async () => {
    const names: unknown[] = [];
    const { port } = await httpsServer(certificate, (request, response) => {
      names.push((request.socket as TLSSocket).servername);
      response.end();
    });
    const { guardedFetch } = client({ ca: certificate.cert });
    for (const host of ['customer.example', '127.0.0.1']) {
      expect((await guardedFetch({ url: `https://${host}:${port}/` })).status).toBe(200);
    }
    expect(names).toEqual(['customer.example', false]);
  });

  it('an unknown issuer is refused, whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
    let requests = 0;
    const { port } = await httpsServer(certificate, (_, response) => {
      requests++;
      response.end();
    });
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    // Node says that this is not wise.
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    try {
      expect(await failure(client().guardedFetch({ url: `https://customer.example:${port}/` }))).toBe('tls');
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
    expect(requests).toBe(0);
  });

  it('a server that speaks no TLS', async () => {
    const { port } = await httpServer((_, response) => response.end());
    expect(await failure(client().guardedFetch({ url: `https://customer.example:${port}/` }))).toBe('tls');
  });
});
