import { Webhook } from 'standardwebhooks';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import {
  createGuardedFetch,
  createPusher,
  createWebhookSigner,
  newWebhookSecret,
  renderReportXml,
  type PushCounted,
} from '../../../src/delivery/push/index.ts';
import { createLogger } from '../../../src/log.ts';
import { openSqliteStore } from '../../../src/store/sqlite/index.ts';
import type { NewEvent } from '../../../src/store/store.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { temporaryStore } from '../../support/sqlite-harness.ts';
import { createdPin } from '../../support/store-fixtures.ts';
import { report } from './pusher-rig.ts';
import { deadPort, httpServer, httpsServer, selfSigned, tcpServer, until } from './rig.ts';

/** Store, pusher and HTTP client as they are; only time stands still, at now, so that receivers take the signature. */
async function service(ca?: string) {
  const clock = new FakeClock(Date.now());
  const { path, remove } = temporaryStore();
  const store = await openSqliteStore({ path, clock });
  const secret = newWebhookSecret();
  const counts: PushCounted[] = [];
  const report = { results: [{ messageId: 'a', callbackData: '<Zoë> & co' }] };
  const pusher = createPusher({
    store,
    fetch: createGuardedFetch({
      allowPrivate: true,
      clock,
      resolve: async () => ['127.0.0.1'],
      ...(ca !== undefined && { ca }),
    }),
    signer: createWebhookSigner([secret]),
    renderers: {
      report: async ({ data }) =>
        data['contentType'] === 'application/xml'
          ? { body: renderReportXml(report), contentType: 'application/xml' }
          : { body: JSON.stringify(report), contentType: 'application/json' },
    },
    clock,
    log: createLogger('silent'),
    count: what => counts.push(what),
  });
  onTestFinished(async () => {
    await pusher.stop();
    await store.close();
    remove();
  });
  await pusher.start();
  return {
    clock,
    store,
    secret,
    counts,
    report,
    emit: async (...events: NewEvent[]) => {
      await createdPin(store, { events });
      pusher.wake();
    },
  };
}

/** Takes every push whose signature is right. */
async function goodReceiver(secret: string) {
  const taken: { id: string; body: string; type: string }[] = [];
  const { port } = await httpServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const headers = request.headers as Record<string, string>;
      const isJson = headers['content-type'] === 'application/json';
      new Webhook(secret).verify(body, headers, { jsonParse: isJson });
      taken.push({ id: headers['webhook-id']!, body, type: headers['content-type']! });
      response.end();
    });
  });
  return { url: `http://good.example:${port}/hook`, taken };
}

describe('a customer’s server that is well', () => {
  it('gets each report once, signed, as JSON or XML', async () => {
    const { emit, secret, counts, report: body } = await service();
    const { url, taken } = await goodReceiver(secret);
    const json = report(url);
    const xml = { ...report(url), data: { url, contentType: 'application/xml', kind: 'report' } };
    await emit(json, xml);
    await until(() => counts.length === 2);
    expect(taken.toSorted((a, b) => a.type.localeCompare(b.type))).toEqual([
      { id: json.id, body: JSON.stringify(body), type: 'application/json' },
      { id: xml.id, body: renderReportXml(body), type: 'application/xml' },
    ]);
    expect(counts).toEqual(['push-delivered', 'push-delivered']);
  });
});

/** faults.md F25, over real sockets. */
describe('a customer’s server that is not', () => {
  let certificate: { key: string; cert: string };
  beforeAll(() => {
    certificate = selfSigned(['DNS:right.example']);
  });

  const answering = async (status: number, headers: Record<string, string> = {}) => {
    const { port } = await httpServer((_, response) => response.writeHead(status, headers).end());
    return `http://bad.example:${port}/`;
  };
  const speaking = async (answer: string) => {
    const { port } = await tcpServer(socket => socket.once('data', () => socket.end(answer)));
    return `http://bad.example:${port}/`;
  };

  const bad: [string, () => Promise<string>, PushCounted][] = [
    ['down', async () => `http://bad.example:${await deadPort()}/`, 'push-failed'],
    ['500', () => answering(500), 'push-failed'],
    ['301 to the inside', () => answering(301, { location: 'http://169.254.169.254/' }), 'push-failed'],
    ['410', () => answering(410), 'push-gone'],
    ['no HTTP', () => speaking('220 mail.example ESMTP\r\n'), 'push-failed'],
    ['hangs up', () => speaking(''), 'push-failed'],
    [
      'the wrong certificate',
      async () => {
        const { port } = await httpsServer(certificate, (_, response) => response.end());
        return `https://wrong.example:${port}/`;
      },
      'push-failed',
    ],
    ['no TLS', async () => (await answering(200)).replace('http:', 'https:'), 'push-failed'],
    [
      'the right certificate',
      async () => {
        const { port } = await httpsServer(certificate, (_, response) => response.end());
        return `https://right.example:${port}/`;
      },
      'push-delivered',
    ],
    ['a private address that no setting allows', async () => 'http://169.254.169.254/', 'push-blocked'],
  ];

  it.each(bad)('%s: others get theirs', async (_, start, outcome) => {
    const { emit, secret, counts, store } = await service(certificate.cert);
    const { url, taken } = await goodReceiver(secret);
    const good = report(url);
    await emit(report(await start()), good);
    await until(() => counts.length === 2);
    expect(counts.toSorted()).toEqual([outcome, 'push-delivered'].toSorted());
    expect(taken.map(push => push.id)).toEqual([good.id]);
    const next = await store.nextEventIn({ types: ['customer.push'] });
    expect(next).toBe(outcome === 'push-failed' ? 2 * 60_000 : undefined);
  });

  it('slow: it is cut off after 15 s and comes again, under its id; others get theirs meanwhile', async () => {
    const { emit, secret, counts, clock } = await service();
    const { url, taken } = await goodReceiver(secret);
    const pushes: string[] = [];
    const { port } = await tcpServer(socket => {
      const index = pushes.push('') - 1;
      socket.on('data', data => (pushes[index] += data.toString('latin1')));
    });
    await emit(report(`http://slow.example:${port}/`, { id: 'slow' }));
    await until(() => pushes.length === 1);
    await emit(report(url));
    await until(() => counts.length === 1);
    expect([counts, taken.length]).toEqual([['push-delivered'], 1]);
    clock.advance(15_000);
    await until(() => counts.length === 2);
    expect(counts).toEqual(['push-delivered', 'push-failed']);
    let seconds = 0;
    for (; pushes.length < 2 && seconds < 150; seconds++) {
      clock.advance(1000);
      await settle();
    }
    expect(seconds).toBeGreaterThanOrEqual(120);
    await until(() => pushes[1]?.includes('webhook-id') === true);
    expect(pushes.map(push => /webhook-id: (.*)\r/.exec(push)?.[1])).toEqual(['slow', 'slow']);
  });

  it('a huge answer: 200 is 200, and the rest is not read', async () => {
    const { emit, counts } = await service();
    let closed = false;
    let written = 0;
    const { port } = await tcpServer(socket => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n');
        const fill = (): void => {
          let more = true;
          while (more && !socket.destroyed) {
            written += 65_536;
            more = socket.write(Buffer.alloc(65_536));
          }
        };
        socket.on('drain', fill);
        fill();
      });
      socket.on('close', () => (closed = true));
    });
    await emit(report(`http://huge.example:${port}/`));
    await until(() => counts.length === 1 && closed);
    expect(counts).toEqual(['push-delivered']);
    expect(written).toBeLessThan(32 * 1024 * 1024);
  });
});
