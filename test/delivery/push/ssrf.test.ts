import { describe, expect, it } from 'vitest';

import { isAllowedAddress, vetUrl } from '../../../src/delivery/push/address-guard.ts';
import { createGuardedFetch, GuardedFetchError } from '../../../src/delivery/push/guarded-fetch.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { countSockets, tcpServer } from './rig.ts';

const clock = new FakeClock();

async function refusal(work: Promise<unknown>): Promise<GuardedFetchError> {
  const error: unknown = await work.then(
    () => new Error('it was let through'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(GuardedFetchError);
  return error as GuardedFetchError;
}

/** `PORT` is where the trap listens. */
const BYPASSES = [
  // loopback, spelled in every way that some parser takes
  'https://127.0.0.1:PORT/',
  'https://127.0.0.2:PORT/',
  'https://127.255.255.254:PORT/',
  'https://127.1:PORT/',
  'https://127.0.1:PORT/',
  'https://2130706433:PORT/',
  'https://0x7f000001:PORT/',
  'https://0x7f.0.0.1:PORT/',
  'https://0x7f.1:PORT/',
  'https://017700000001:PORT/',
  'https://0177.0.0.1:PORT/',
  'https://0177.0.0.01:PORT/',
  'https://127.0.0.1.:PORT/',
  'https://127%2e0%2e0%2e1:PORT/',
  'https://%31%32%37.0.0.1:PORT/',
  'https://①②⑦.⓪.⓪.①:PORT/',
  'https://127。0。0。1:PORT/',
  'https://\u{ff11}\u{ff12}\u{ff17}.0.0.1:PORT/',
  'https://0:PORT/',
  'https://0.0.0.0:PORT/',
  'https://0.1.2.3:PORT/',
  'https://[::1]:PORT/',
  'https://[0:0:0:0:0:0:0:1]:PORT/',
  'https://[::]:PORT/',
  'https://[0000::1]:PORT/',
  // IPv4 inside IPv6
  'https://[::ffff:127.0.0.1]:PORT/',
  'https://[::ffff:7f00:1]:PORT/',
  'https://[::ffff:8.8.8.8]:PORT/',
  'https://[::127.0.0.1]:PORT/',
  'https://[::ffff:0:127.0.0.1]:PORT/',
  'https://[64:ff9b::127.0.0.1]:PORT/',
  'https://[64:ff9b:1::7f00:1]:PORT/',
  'https://[2002:7f00:1::]:PORT/',
  'https://[2001:0:7f00:1::]:PORT/',
  // private, shared, link-local, multicast, reserved
  'https://10.0.0.1/',
  'https://172.16.0.1/',
  'https://172.31.255.255/',
  'https://192.168.1.1/',
  'https://100.64.0.1/',
  'https://169.254.169.254/latest/meta-data/',
  'https://169.254.170.2/v2/credentials',
  'https://0xa9fea9fe/',
  'https://2852039166/',
  'https://[::ffff:a9fe:a9fe]/',
  'https://[fd00:ec2::254]/latest/meta-data/',
  'https://100.100.100.200/latest/meta-data/',
  'https://168.63.129.16/',
  'https://192.0.0.192/opc/v1/instance/',
  'https://192.0.2.1/',
  'https://198.18.0.1/',
  'https://198.51.100.7/',
  'https://203.0.113.7/',
  'https://192.88.99.1/',
  'https://224.0.0.251/',
  'https://240.0.0.1/',
  'https://255.255.255.255/',
  'https://[fe80::1]/',
  'https://[fe80::1%25eth0]/',
  'https://[fc00::1]/',
  'https://[fdff::1]/',
  'https://[fec0::1]/',
  'https://[ff02::1]/',
  'https://[100::1]/',
  'https://[2001:db8::1]/',
  'https://[3fff::1]/',
  'https://[4000::1]/',
  // names
  'https://localhost:PORT/',
  'https://LOCALHOST:PORT/',
  'https://localhost.:PORT/',
  'https://app.localhost:PORT/',
  'https://loc\u{ad}alhost:PORT/',
  'https://l\u{ff4f}calhost:PORT/',
  'https://ⓛocalhost:PORT/',
  'https://metadata/',
  'https://metadata.google.internal/computeMetadata/v1/',
  'https://printer.local/',
  'https://router.home.arpa/',
  'https://hidden.onion/',
  'https://intranet:PORT/',
  // credentials, and hosts that two parsers read differently
  'https://public.example@127.0.0.1:PORT/',
  'https://user:secret@public.example/',
  'https://@public.example/',
  'https://127.0.0.1:PORT\\@public.example/',
  'https://public.example\\.127.0.0.1:PORT/',
  'https://127.0.0.1:PORT#@public.example/',
  'https:public.example/',
  'https:/public.example/',
  'https:///public.example/',
  'https://pub\tlic.example/',
  'https://pub\nlic.example/',
  ' https://public.example/',
  'https://public.example/a\\..\\b',
  'https://public.example/a b',
  'https://public.example/a\tb',
  'https://public.example/\u{0}',
  'https://public.example./',
  'https://bücher.example/',
  'https://public..example/',
  'https://-public-.example/',
  // schemes
  'http://public.example/',
  'HTTP://public.example/',
  'ftp://public.example/',
  'file:///etc/passwd',
  'gopher://127.0.0.1:PORT/_x',
  'data:text/plain,x',
  'ws://public.example/',
  'javascript:alert(1)',
  '//public.example/',
  'public.example',
  '',
  // ports of services that an HTTP request can make act
  'https://public.example:25/',
  'https://public.example:22/',
  'https://public.example:465/',
  'https://public.example:6000/',
  'https://public.example:0/',
  'https://public.example:99999/',
  `https://public.example/${'a'.repeat(4000)}`,
];

describe('URLs that are refused by what they say', () => {
  it('are enough of them, and no two alike', () => {
    expect(new Set(BYPASSES).size).toBe(BYPASSES.length);
    expect(BYPASSES.length).toBeGreaterThanOrEqual(60);
  });

  it.each(BYPASSES)('%s: for good, without asking the resolver, without a socket', async bypass => {
    let trapped = 0;
    const { port } = await tcpServer(() => trapped++);
    const sockets = countSockets();
    const asked: string[] = [];
    const { guardedFetch, fetchBytes } = createGuardedFetch({
      allowPrivate: false,
      clock,
      resolve: async hostname => {
        asked.push(hostname);
        return ['127.0.0.1'];
      },
    });
    const url = bypass.replace('PORT', String(port));
    for (const error of [
      await refusal(guardedFetch({ url, method: 'POST', body: '{}' })),
      await refusal(fetchBytes(url)),
    ]) {
      expect(error).toMatchObject({ reason: 'blocked', permanent: true });
      expect(error.message).not.toMatch(/secret|example|127/);
    }
    expect({ asked, trapped, sockets: sockets.count }).toEqual({ asked: [], trapped: 0, sockets: 0 });
  });

  it('but the trap does catch, and the counter does count, where private addresses are allowed', async () => {
    let trapped = 0;
    const { port } = await tcpServer(socket => {
      trapped++;
      socket.end('HTTP/1.1 204 No Content\r\n\r\n');
    });
    const sockets = countSockets();
    const { guardedFetch } = createGuardedFetch({ allowPrivate: true, clock });
    expect((await guardedFetch({ url: `http://127.0.0.1:${port}/` })).status).toBe(204);
    expect({ trapped, sockets: sockets.count }).toEqual({ trapped: 1, sockets: 1 });
  });
});

describe('URLs that are let through', () => {
  const settings = { allowPrivate: false };
  it.each([
    ['https://customer.example/', 443],
    ['HTTPS://Customer.Example:443/a?b=c#d', 443],
    ['https://customer.example:8443', 8443],
    ['https://xn--bcher-kva.example/', 443],
    ['https://customer.example/m\u{fc}ller?name=Zo\u{eb}', 443],
    ['https://under_score.customer.example/', 443],
    ['https://8.8.8.8/', 443],
    ['https://[2606:4700::1111]:8443/', 8443],
  ])('%s', (url, port) => {
    expect(vetUrl(url, settings)).toMatchObject({ secure: true, port });
  });

  it('the others are told why, for the log', () => {
    expect(vetUrl('https://user@customer.example/', settings)).toBe('credentials');
    expect(vetUrl('http://customer.example/', settings)).toBe('scheme');
    expect(vetUrl('https://customer.example:25/', settings)).toBe('port');
    expect(vetUrl('https://10.1/', settings)).toBe('spelling of the host');
    expect(vetUrl('https://10.0.0.1/', settings)).toBe('address');
    expect(vetUrl('https://localhost/', settings)).toBe('host name');
  });
});

describe('names that resolve to what they must not', () => {
  const PUBLIC = ['93.184.215.14', '2606:2800:21f:cb07:6820:80da:af6b:8b2c'];
  it.each([
    [['127.0.0.1']],
    [['10.1.2.3']],
    [['169.254.169.254']],
    [['::1']],
    [['::ffff:10.0.0.1']],
    [['fd00::1']],
    [['64:ff9b::a00:1']],
    [['2002:a00:1::1']],
    [['fe80::1%eth0']],
    [['2606:4700::1%eth0']],
    [['0']],
    [['0x7f000001']],
    // Public, but not as an address is written.
    [['0x08080808']],
    [['134744072']],
    [['8.8.2056']],
    [['not an address']],
    [['']],
    // one bad address among good ones, first or last
    [[...PUBLIC, '127.0.0.1']],
    [['127.0.0.1', ...PUBLIC]],
    // a flood
    [Array.from({ length: 40 }, (_, index) => `93.184.215.${index}`)],
  ])('%j: refused whole, without a socket', async answers => {
    const sockets = countSockets();
    const { guardedFetch } = createGuardedFetch({ allowPrivate: false, clock, resolve: async () => answers });
    const error = await refusal(guardedFetch({ url: 'https://customer.example/' }));
    // The name may be set right: not for good.
    expect(error).toMatchObject({ reason: 'blocked', permanent: false });
    expect(sockets.count).toBe(0);
  });

  it('a resolver that changes its mind is asked once, and its first answer is where the connection goes', async () => {
    const reached: string[] = [];
    const { port } = await tcpServer(socket => {
      reached.push('first');
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    });
    let asked = 0;
    const { guardedFetch } = createGuardedFetch({
      allowPrivate: true,
      clock,
      // The second answer would be link-local: refused, were it looked at, and unreachable, were it used.
      resolve: async () => (asked++ === 0 ? ['127.0.0.1'] : ['169.254.169.254']),
    });
    expect((await guardedFetch({ url: `http://rebind.example:${port}/` })).status).toBe(200);
    expect({ asked, reached }).toEqual({ asked: 1, reached: ['first'] });
    expect(await refusal(guardedFetch({ url: `http://rebind.example:${port}/` }))).toMatchObject({
      reason: 'blocked',
    });
    expect({ asked, reached }).toEqual({ asked: 2, reached: ['first'] });
  });

  it('a name that would be private to the system’s own resolver never gets there', async () => {
    let trapped = 0;
    const { port } = await tcpServer(() => trapped++);
    const sockets = countSockets();
    // `localhost` is allowed in development, but the answer is ours, not that of /etc/hosts.
    const { guardedFetch } = createGuardedFetch({
      allowPrivate: true,
      clock,
      resolve: async () => ['169.254.1.1'],
    });
    await refusal(guardedFetch({ url: `http://localhost:${port}/` }));
    expect({ trapped, sockets: sockets.count }).toEqual({ trapped: 0, sockets: 0 });
  });
});

describe('development', () => {
  const clean = [
    '127.0.0.1',
    '10.0.0.1',
    '192.168.0.1',
    '172.17.0.2',
    '100.64.0.1',
    '::1',
    'fd12::1',
    '8.8.8.8',
  ];
  const never = [
    '169.254.169.254',
    'fe80::1',
    'fd00:ec2::254',
    '100.100.100.200',
    '168.63.129.16',
    '0.0.0.0',
    '::',
    '224.0.0.1',
    '255.255.255.255',
    '::ffff:127.0.0.1',
    '2002:7f00:1::',
    '64:ff9b::7f00:1',
  ];
  it.each(clean)('allows %s', address => expect(isAllowedAddress(address, true)).toBe(true));
  it.each(never)('does not allow %s', address => expect(isAllowedAddress(address, true)).toBe(false));

  it('allows http only where it is told to', async () => {
    const sockets = countSockets();
    const { guardedFetch } = createGuardedFetch({ allowPrivate: true, allowHttp: false, clock });
    expect(await refusal(guardedFetch({ url: 'http://127.0.0.1:1024/' }))).toMatchObject({
      reason: 'blocked',
    });
    expect(sockets.count).toBe(0);
  });

  it.each(['http://user@127.0.0.1/', 'http://127.1/', 'http://127.0.0.1:25/', 'http://[::ffff:7f00:1]/'])(
    'still refuses %s',
    async url => {
      const sockets = countSockets();
      const { guardedFetch } = createGuardedFetch({ allowPrivate: true, clock });
      expect(await refusal(guardedFetch({ url }))).toMatchObject({ reason: 'blocked', permanent: true });
      expect(sockets.count).toBe(0);
    },
  );
});
