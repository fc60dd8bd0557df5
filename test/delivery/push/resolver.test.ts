import { createSocket } from 'node:dgram';

import { describe, expect, it, onTestFinished } from 'vitest';

import { createResolver } from '../../../src/delivery/push/resolver.ts';

const A = 1;
const AAAA = 28;
const NXDOMAIN = 3;

type Zone = Readonly<Record<string, { a?: readonly string[]; aaaa?: readonly Buffer[] }>>;

/** A name server for these names (RFC 1035, 4.1); what it was asked. */
async function nameServer(zone: Zone): Promise<{ server: string; asked: string[] }> {
  const asked: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const labels: string[] = [];
    let at = 12;
    for (; query[at] !== 0; at += 1 + query[at]!)
      labels.push(query.toString('latin1', at + 1, at + 1 + query[at]!));
    const name = labels.join('.').toLowerCase();
    const type = query.readUInt16BE(at + 1);
    asked.push(`${name} ${type}`);
    const found = zone[name];
    const data =
      {
        [A]: found?.a?.map(address => Buffer.from(address.split('.').map(Number))),
        [AAAA]: found?.aaaa,
      }[type] ?? [];
    const head = Buffer.alloc(12);
    query.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8580 | (found ? 0 : NXDOMAIN), 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(data.length, 6);
    const records = data.map(bytes => {
      // The name by reference to the question; class IN; a minute to live.
      const record = Buffer.from([0xc0, 0x0c, 0, type, 0, 1, 0, 0, 0, 60, 0, bytes.length]);
      return Buffer.concat([record, bytes]);
    });
    socket.send(Buffer.concat([head, query.subarray(12, at + 5), ...records]), from.port, from.address);
  });
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve));
  onTestFinished(() => void socket.close());
  return { server: `127.0.0.1:${socket.address().port}`, asked };
}

const V6 = Buffer.from('26060000000000000000000000000001', 'hex');

describe('the resolver', () => {
  it('gathers the addresses of both families from the DNS', async () => {
    const { server, asked } = await nameServer({
      'both.example': { a: ['192.0.2.1', '192.0.2.2'], aaaa: [V6] },
      'old.example': { a: ['192.0.2.3'] },
      'new.example': { aaaa: [V6] },
    });
    const resolve = createResolver({ allowPrivate: false, servers: [server] });
    expect(await resolve('both.example')).toEqual(['192.0.2.1', '192.0.2.2', '2606::1']);
    expect(await resolve('old.example')).toEqual(['192.0.2.3']);
    expect(await resolve('new.example')).toEqual(['2606::1']);
    expect(asked).toContain('both.example 1');
  });

  it('fails for a name without any, and does not ask about other names', async () => {
    const { server, asked } = await nameServer({ 'empty.example': {} });
    const resolve = createResolver({ allowPrivate: false, servers: [server] });
    await expect(resolve('unknown.example')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await expect(resolve('empty.example')).rejects.toMatchObject({ code: 'ENODATA' });
    expect(new Set(asked.map(question => question.split(' ')[0]))).toEqual(
      new Set(['unknown.example', 'empty.example']),
    );
  });

  it('knows /etc/hosts in development', async () => {
    expect(await createResolver({ allowPrivate: true })('localhost')).toContain('127.0.0.1');
  });
});
