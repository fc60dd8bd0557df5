import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, request as httpRequest, type Server } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { systemClock } from '../../src/clock.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { MailServer, rudeMailServer } from '../support/mail-server.ts';
import { noRedis, startRedis } from '../support/redis-server.ts';
import { errorBody, ScriptedTwilio } from '../support/scripted-twilio.ts';
import { freePort, Service } from '../support/service.ts';
import { saypin, saypinAt } from './rig.ts';

// Each starts a voice and looks at every part of an installation.
vi.setConfig({ testTimeout: 60_000 });

let folder: string;
let dataDir: string;
let environment: Record<string, string>;
/** Undone after each test, the last first. */
const undo: (() => unknown)[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'saypin-doctor-test-'));
  dataDir = join(folder, 'data');
  mkdirSync(dataDir, { mode: 0o700 });
  environment = {
    PORT: String(await freePort()),
    SIM_PORT: String(await freePort()),
    SIM_SMTP_PORT: String(await freePort()),
    DATA_DIR: dataDir,
  };
});
afterEach(async () => {
  for (const each of undo.splice(0).toReversed()) await each();
  rmSync(folder, { recursive: true, force: true });
});

interface Report {
  readonly code: number;
  readonly status: string;
  readonly findings: readonly Finding[];
  readonly text: string;
}

/** Everything, or `only` one check, where everything was looked at before. */
async function examine(more: Record<string, string> = {}, only?: string): Promise<Report> {
  const argv = ['doctor', '--json', ...(only === undefined ? [] : ['--only', only])];
  const { code, out, error } = await saypin(argv, { ...environment, ...more });
  expect(error).toBe('');
  return { code, text: out, ...(JSON.parse(out) as { status: string; findings: Finding[] }) };
}

/** The findings that something is wrong, as `check: text → fix`. */
function wrong({ findings }: Report): string[] {
  return findings
    .filter(({ level }) => level === 'error' || level === 'warning')
    .map(({ check, text, fix }) => `${check}: ${text} → ${fix ?? ''}`);
}

function configured(file: unknown): string {
  const path = join(folder, 'saypin.json');
  writeFileSync(path, typeof file === 'string' ? file : JSON.stringify(file));
  return path;
}

async function listening<Listener extends Server | ReturnType<typeof createServer>>(
  server: Listener,
  port = 0,
): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  undo.push(async () => {
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}

/** The account as the configuration has it. */
function account(twilio: ScriptedTwilio, more: Record<string, unknown> = {}) {
  const { accountSid, authToken, url: baseUrl } = twilio;
  return { type: 'twilio', mode: 'media', from: '+15005550006', accountSid, authToken, baseUrl, ...more };
}

async function twilioServer(): Promise<ScriptedTwilio> {
  const twilio = await ScriptedTwilio.start();
  undo.push(async () => await twilio.close());
  return twilio;
}

/** A proxy on a port of its own, in front of `port`; `change` may tamper with the path. */
async function proxyTo(port: number, change: (path: string) => string = path => path): Promise<string> {
  const proxy = createHttpServer((request, response) => {
    const { method, url = '', headers } = request;
    const onward = httpRequest({ host: '127.0.0.1', port, method, path: change(url), headers }, answer => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.writeHead(502).end());
    request.pipe(onward);
  });
  return `http://127.0.0.1:${await listening(proxy)}`;
}

describe('saypin doctor', () => {
  it('finds nothing where nothing is wrong, and makes nothing', async () => {
    const report = await examine();
    expect(wrong(report)).toStrictEqual([]);
    expect([report.code, report.status]).toStrictEqual([0, 'ok']);
    const checks = new Set(report.findings.map(({ check }) => check));
    for (const check of [
      'node',
      'config',
      'service',
      'data-dir',
      'store',
      'ports',
      'voices',
      'public-url',
      'clock',
    ])
      expect(checks).toContain(check);
    const { readdirSync } = await import('node:fs');
    expect(readdirSync(dataDir)).toStrictEqual([]);
  });

  it('looks only at what it is asked to', async () => {
    chmodSync(dataDir, 0o777);
    const { findings } = await examine({}, 'store');
    const checks = new Set(findings.map(({ check }) => check));
    expect([...checks]).toStrictEqual(['node', 'config', 'service', 'store', 'clock']);
    const unknown = await saypin(['doctor', '--only', 'weather'], environment);
    expect(unknown).toMatchObject({
      code: 2,
      error: expect.stringContaining('one of data-dir, store') as string,
    });
  });

  it('prints it for people, in colour only where they look', async () => {
    chmodSync(dataDir, 0o755);
    const plain = await saypin(['doctor', '--only', 'data-dir'], environment);
    expect(plain.code).toBe(7);
    expect(plain.out).toContain(`warning  data-dir    others may look into ${dataDir} (mode 755)\n`);
    expect(plain.out).toContain(`→ take it from them: chmod 700 ${dataDir}\n`);
    expect(plain.out).toMatch(/\n\n0 broken, 1 to improve\.\n$/);
    expect(plain.out).not.toContain('\u001b');
    const tty = { out: true, error: false };
    const coloured = await saypinAt(['doctor', '--only', 'data-dir'], { environment, tty });
    expect(coloured.out).toContain('\u001b[33mwarning');
    const wished = await saypinAt(['doctor', '--only', 'data-dir'], {
      environment: { ...environment, NO_COLOR: '1' },
      tty,
    });
    expect(wished.out).not.toContain('\u001b');
  });
});

describe('a planted mistake is found, and the fix is named:', () => {
  it('1. DATA_DIR that others may write in, and a key that they may read', async () => {
    chmodSync(dataDir, 0o777);
    writeFileSync(join(dataDir, 'master-key'), `k1:${'ab'.repeat(64)}\n`, { mode: 0o644 });
    const report = await examine();
    expect(wrong(report)).toStrictEqual([
      `data-dir: others may write in ${dataDir} (mode 777) → take it from them: chmod 700 ${dataDir}`,
      `data-dir: others may read ${dataDir}/master-key (mode 644) → chmod 600 ${dataDir}/master-key, and change what is in it if others were here`,
    ]);
    expect(report.code).toBe(1);
    expect(report.text).not.toContain('abab');
  });

  it('2. a store that another process has open', async () => {
    const store = await openSqliteStore({ path: join(dataDir, 'saypin.db'), clock: systemClock });
    undo.push(async () => await store.close());
    expect(wrong(await examine())).toStrictEqual([
      expect.stringMatching(
        /^store: another process has .*saypin\.db open, and no service answers here → find it with `fuser .*` and stop it/,
      ),
    ]);
    await store.createKey({ id: '1', hash: '00', name: 'still mine', scopes: [] });
  });

  it('3. a store of a newer schema, which is left as it is', async () => {
    const path = join(dataDir, 'saypin.db');
    await (await openSqliteStore({ path, clock: systemClock })).close();
    const db = new DatabaseSync(path);
    db.exec('PRAGMA user_version = 999');
    db.close();
    expect(wrong(await examine())).toStrictEqual([
      expect.stringMatching(
        /^store: the schema of .* is version 999, newer than this program's \d+ → use the version of Saypin that wrote it/,
      ),
    ]);
    writeFileSync(path, 'not a database');
    expect(wrong(await examine({}, 'store'))).toStrictEqual([
      expect.stringMatching(/^store: .* overwritten → restore/),
    ]);
  });

  describe.skipIf(noRedis)(`Redis${noRedis ? ` (skipped: ${noRedis})` : ''}`, () => {
    const keys = {
      API_KEY: 'a-key-that-all-nodes-have',
      MASTER_KEY: `k1:${'cd'.repeat(64)}`,
      WEBHOOK_SECRET: `whsec_${'A'.repeat(44)}`,
    };

    it('4. that throws PINs away when it is full', async () => {
      const redis = await startRedis(['--maxmemory-policy', 'allkeys-lru']);
      undo.push(async () => await redis.stop());
      expect(wrong(await examine({ ...keys, REDIS_URL: redis.url }))).toStrictEqual([
        expect.stringMatching(
          /^store: the server 127\.0\.0\.1:\d+ may throw PINs .*allkeys-lru\) → set it to noeviction$/,
        ),
      ]);
    });

    it('5. that loses the last minutes when it stops', async () => {
      const redis = await startRedis(['--appendonly', 'no']);
      undo.push(async () => await redis.stop());
      expect(wrong(await examine({ ...keys, REDIS_URL: redis.url }))).toStrictEqual([
        expect.stringMatching(/^store: .*appendonly no\) → set appendonly yes and appendfsync everysec$/),
      ]);
    });

    it('and one that is as it should be, whose clock is looked at', async () => {
      const redis = await startRedis();
      undo.push(async () => await redis.stop());
      const report = await examine({ ...keys, REDIS_URL: redis.url });
      expect(wrong(report)).toStrictEqual([]);
      expect(report.text).toMatch(/agrees with that of Redis at 127\.0\.0\.1:\d+ within 1 s/);
      expect(report.text).not.toContain(keys.API_KEY);
    });

    it('that is not there', async () => {
      const url = `redis://:secret-password@127.0.0.1:${await freePort()}`;
      const report = await examine({ ...keys, REDIS_URL: url });
      expect(wrong(report)).toStrictEqual([
        expect.stringMatching(/^store: Redis at 127\.0\.0\.1:\d+: .* → start Redis, or correct REDIS_URL/),
      ]);
      expect(report.text).not.toContain('secret-password');
    });
  });

  it('6. PUBLIC_URL that reaches something else', async () => {
    const other = await listening(
      createHttpServer((_request, response) => response.end('<html>Welcome to nginx!')),
    );
    expect(wrong(await examine({ PUBLIC_URL: `http://127.0.0.1:${other}` }))).toStrictEqual([
      expect.stringMatching(
        /^public-url: something else than this service answers at .* \(status 200\) → let the proxy pass .* on to port \d+/,
      ),
    ]);
    const nobody = await examine({ PUBLIC_URL: `http://127.0.0.1:${await freePort()}` }, 'public-url');
    expect(wrong(nobody)).toStrictEqual([
      expect.stringMatching(/^public-url: .* does not answer \(ECONNREFUSED\) → let its proxy/),
    ]);
    const nowhere = await examine({ PUBLIC_URL: 'https://pins.saypin.invalid' }, 'public-url');
    expect(wrong(nowhere)).toStrictEqual([
      expect.stringMatching(/^public-url: pins\.saypin\.invalid cannot be resolved .* → correct the name/),
    ]);
    const away = await listening(
      createHttpServer((_request, response) =>
        response.writeHead(301, { location: 'https://other.example/' }).end(),
      ),
    );
    expect(wrong(await examine({ PUBLIC_URL: `http://127.0.0.1:${away}` }, 'public-url'))).toStrictEqual([
      expect.stringMatching(/redirects to https:\/\/other\.example\/ → set PUBLIC_URL to where that leads/),
    ]);
  });

  it('7. a carrier that does not take the token, and one that no real carrier could call back', async () => {
    const twilio = await twilioServer();
    const SAYPIN_CONFIG = configured({ carriers: [account(twilio)] });
    expect(wrong(await examine({ SAYPIN_CONFIG }))).toStrictEqual([]);
    twilio.next({ status: 401, body: errorBody(20003, 401) });
    const report = await examine({ SAYPIN_CONFIG });
    expect(wrong(report)).toStrictEqual([
      expect.stringMatching(
        /^carriers: carrier twilio, authToken: twilio: a read of the list of calls answered 401 \(20003\) → copy accountSid and authToken of carrier "twilio" from https:\/\/console\.twilio\.com/,
      ),
    ]);
    expect(report.text).not.toContain(twilio.authToken);
    expect(twilio.requests.map(({ method }) => method)).toStrictEqual(['GET', 'GET']);

    const real = account(twilio, { baseUrl: 'https://twilio.saypin.invalid' });
    const local = await examine({
      SAYPIN_CONFIG: configured({ carriers: [real] }),
      PUBLIC_URL: `http://127.0.0.1:${environment['PORT']}`,
    });
    expect(wrong(local)).toStrictEqual([
      expect.stringMatching(/^carriers: .* \(E\w+\) → let this machine reach twilio\.saypin\.invalid/),
      expect.stringMatching(/^public-url: .* is not https: .* → put a proxy with a certificate in front/),
      expect.stringMatching(/^public-url: .* is this machine itself: no carrier reaches it → set PUBLIC_URL/),
    ]);
    expect(
      wrong(await examine({ SAYPIN_CONFIG: configured({ carriers: [real] }) }, 'public-url')),
    ).toContainEqual(
      expect.stringMatching(
        /^public-url: PUBLIC_URL is not set, and a real carrier has to call back → set PUBLIC_URL/,
      ),
    );
  });

  it('8. a mail server that refuses', async () => {
    const rude = await rudeMailServer(() => '554 go away');
    undo.push(async () => await rude.close());
    const mail = (port: number, more = {}) =>
      configured({ carriers: [{ type: 'smtp', host: '127.0.0.1', port, from: 'a@b.example', ...more }] });
    expect(wrong(await examine({ SAYPIN_CONFIG: mail(rude.port) }))).toStrictEqual([
      expect.stringMatching(/^carriers: mail server 127\.0\.0\.1:\d+: smtp: say hello .* → \S/),
    ]);
    const gone = await examine({ SAYPIN_CONFIG: mail(await freePort()) }, 'carriers');
    expect(wrong(gone)).toStrictEqual([
      expect.stringMatching(/^carriers: mail server .* → correct host and port/),
    ]);
    const server = await MailServer.start({ onAuth: (_auth, _session, done) => done(new Error('no')) });
    undo.push(async () => await server.close());
    expect(wrong(await examine({ SAYPIN_CONFIG: mail(server.port) }, 'carriers'))).toStrictEqual([]);
    const refused = await examine(
      { SAYPIN_CONFIG: mail(server.port, { user: 'u', pass: 'the-password' }) },
      'carriers',
    );
    expect(wrong(refused)).toStrictEqual([
      expect.stringMatching(/^carriers: mail server .* → correct user and pass/),
    ]);
    expect(refused.text).not.toContain('the-password');
  });

  it('9. a port that another program has', async () => {
    await listening(
      createServer(socket => socket.destroy()),
      Number(environment['PORT']),
    );
    expect(wrong(await examine())).toStrictEqual([
      expect.stringMatching(
        /^ports: 127\.0\.0\.1:\d+ for the service is taken by another program → find it with `ss -ltnp sport = :\d+` and stop it, or set PORT to a free one$/,
      ),
    ]);
    const elsewhere = await examine({ HOST: '192.0.2.1', PORT: String(await freePort()) }, 'ports');
    expect(wrong(elsewhere)).toStrictEqual([
      expect.stringMatching(/^ports: 192\.0\.2\.1 is no address of this machine → set HOST/),
    ]);
  });

  it('10. many nodes without a master key of their own choice', async () => {
    const report = await examine({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` });
    expect(wrong(report)).toStrictEqual([
      expect.stringMatching(
        /^config: with REDIS_URL every node .* MASTER_KEY .* → set MASTER_KEY to one and the same value on every node, made once with: echo "k1:\$\(openssl rand -hex 64\)"$/,
      ),
      expect.stringMatching(/^config: with REDIS_URL .* API_KEY .* → set API_KEY to one/),
      expect.stringMatching(/^config: with REDIS_URL .* WEBHOOK_SECRET .* → set WEBHOOK_SECRET to one/),
      expect.stringMatching(/^store: Redis at /),
    ]);
    expect(wrong(await examine({ MASTER_KEY: 'k1:0123' }))).toStrictEqual([
      expect.stringMatching(/^config: MASTER_KEY: key 1 must be "id:hex"/),
    ]);
  });

  it('11. a language that no voice speaks', async () => {
    const SAYPIN_CONFIG = configured({ voice: { languages: ['en', 'tr'], defaultLanguage: 'de' } });
    expect(wrong(await examine({ SAYPIN_CONFIG }))).toStrictEqual([
      'voices: no voice here speaks "tr" → take it out of voice.languages and voice.defaultLanguage: Saypin does not speak it',
    ]);
  });

  it('12. a configuration that is not there, is no JSON, or has what no field takes', async () => {
    const missing = await examine({ SAYPIN_CONFIG: join(folder, 'nowhere.json') });
    expect(wrong(missing)).toStrictEqual([
      expect.stringMatching(
        /^config: SAYPIN_CONFIG: .*nowhere\.json: ENOENT.* → set SAYPIN_CONFIG to a JSON file that this user can read/,
      ),
    ]);
    expect(wrong(await examine({ SAYPIN_CONFIG: configured('{"voice": ') }))).toStrictEqual([
      expect.stringMatching(/^config: SAYPIN_CONFIG: .*saypin\.json: .*JSON.* →/),
    ]);
    const wrongs = await examine({
      SAYPIN_CONFIG: configured({ voice: { times: 9 }, retentionDays: 0 }),
      PORT: '8080',
    });
    expect(wrong(wrongs).filter(line => line.startsWith('config'))).toStrictEqual([
      expect.stringMatching(/^config: voice\.times: .* → correct it in the file/),
      expect.stringMatching(/^config: retentionDays: .* → correct it in the file/),
    ]);
    const carriers = [{ type: 'twilio', accountSid: 'AC1' }, { type: 'pigeon' }];
    const bad = wrong(await examine({ SAYPIN_CONFIG: configured({ carriers }) }));
    expect(bad).toContainEqual(expect.stringMatching(/carriers\.0\.accountSid: .* → correct it in the file/));
    expect(bad).toContainEqual(
      expect.stringMatching(/carriers\.1\.type: unknown carrier "pigeon" → set it to/),
    );
    expect(wrong(await examine({ PORT: 'eighty' }))).toContainEqual(
      expect.stringMatching(/^config: PORT: .* → correct the variable/),
    );
  });
});

it('what is safe on a desk only is a warning', async () => {
  expect(wrong(await examine({ SIM_HOST: '0.0.0.0' }, 'store'))).toStrictEqual([
    expect.stringMatching(
      /^config: the simulator plays PINs to whoever reaches 0\.0\.0\.0 → set SIM_HOST to 127/,
    ),
  ]);
  const twilio = await twilioServer();
  const file = { carriers: [account(twilio)], webhooks: { allowPrivate: true } };
  const report = await examine({ SAYPIN_CONFIG: configured(file) }, 'store');
  expect(wrong(report)).toStrictEqual([
    expect.stringMatching(/^config: webhooks\.allowPrivate .* → take it out/),
  ]);
  expect(report.code).toBe(7);
});

describe('a signed webhook through PUBLIC_URL', () => {
  it('arrives before the service was ever started, or is changed on the way', async () => {
    const twilio = await twilioServer();
    const SAYPIN_CONFIG = configured({ carriers: [account(twilio)] });
    const port = Number(environment['PORT']);
    const good = await examine({ SAYPIN_CONFIG, PUBLIC_URL: await proxyTo(port) });
    expect(wrong(good)).toStrictEqual([]);
    expect(good.text).toContain('a signed webhook of carrier \\"twilio\\" arrives as it was sent');
    const meddling = await proxyTo(port, path => (path.includes('webhooks') ? `${path}?via=proxy` : path));
    expect(wrong(await examine({ SAYPIN_CONFIG, PUBLIC_URL: meddling }, 'public-url'))).toStrictEqual([
      expect.stringMatching(
        /^public-url: a signed webhook of carrier "twilio" is taken for a forged one → .*let the proxy change neither path/,
      ),
    ]);
  });

  describe('while the service runs', () => {
    let twilio: ScriptedTwilio;
    let service: Service;
    let publicUrl: string;
    let running: Record<string, string>;
    let files: string;
    beforeAll(async () => {
      twilio = await ScriptedTwilio.start();
      files = mkdtempSync(join(tmpdir(), 'saypin-doctor-run-'));
      const SAYPIN_CONFIG = join(files, 'saypin.json');
      writeFileSync(SAYPIN_CONFIG, JSON.stringify({ carriers: [account(twilio)] }));
      const port = await freePort();
      publicUrl = `http://127.0.0.1:${port}`;
      service = await Service.start({ SAYPIN_CONFIG, PORT: String(port), PUBLIC_URL: publicUrl });
      running = {
        DATA_DIR: service.dataDir,
        PORT: String(port),
        API_KEY: service.apiKey,
        PUBLIC_URL: publicUrl,
        SAYPIN_CONFIG,
      };
    });
    afterAll(async () => {
      await service.stop();
      await twilio.close();
      rmSync(files, { recursive: true, force: true });
    });

    it('arrives, and the store that the service has is no finding', async () => {
      const report = await examine(running);
      expect(wrong(report)).toStrictEqual([]);
      expect(report.text).toContain('and is ready');
      expect(report.text).toContain('arrives as it was sent');
    });

    it('is a forged one for a service with another token, or another PUBLIC_URL', async () => {
      const other = configured({ carriers: [account(twilio, { authToken: 'another-token' })] });
      expect(wrong(await examine({ ...running, SAYPIN_CONFIG: other }, 'public-url'))).toStrictEqual([
        expect.stringMatching(/is taken for a forged one → start the service anew/),
      ]);
      const renamed = configured({ carriers: [account(twilio, { name: 'second' })] });
      expect(wrong(await examine({ ...running, SAYPIN_CONFIG: renamed }, 'public-url'))).toStrictEqual([
        expect.stringMatching(/knows no carrier "second" → start it anew/),
      ]);
      expect(
        wrong(
          await examine({ ...running, PUBLIC_URL: await proxyTo(Number(running['PORT'])) }, 'public-url'),
        ),
      ).toStrictEqual([expect.stringMatching(/is taken for a forged one/)]);
    });
  });
});
