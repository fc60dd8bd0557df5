import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { ExportDocument } from '../../src/cli/transfer/document.ts';
import { KEYS, VerifyServer } from '../api/verify/rig.ts';
import { saypin, saypinAt, type Ended } from './rig.ts';

let folder: string;
let file: string;
let source: VerifyServer;
let target: VerifyServer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'saypin-transfer-'));
  file = join(folder, 'export.json');
  [source, target] = await Promise.all([VerifyServer.start(), VerifyServer.start()]);
  await fill(source);
});
afterEach(async () => {
  await Promise.all([source.close(), target.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const PLAN = {
  steps: [{ channel: 'sms', next: { onFailure: true, noReportAfterSeconds: 30 } }, { channel: 'voice' }],
};

/** Two applications; every kind of message, every field, plans on both levels, and the built-in one with a change. */
async function fill(server: VerifyServer): Promise<void> {
  const make = async (path: string, body: unknown, method = 'POST'): Promise<Record<string, string>> => {
    const answer = await server.raw(method, path, body);
    expect(answer.status, answer.text).toBeLessThan(300);
    return answer.body as Record<string, string>;
  };
  const shop = await make('/2fa/2/applications', {
    name: 'Shop "Zürich"',
    configuration: { pinAttempts: 4, pinTimeToLive: '5m', allowMultiplePinVerifications: false },
  });
  const messages = `/2fa/2/applications/${shop['applicationId']}/messages`;
  const spoken = await make(messages, {
    messageText: 'Your code is,, {{pin}}',
    pinType: 'NUMERIC',
    pinLength: 6,
    language: 'de',
    voiceName: 'Marlene',
    senderId: 'Shop',
    repeatDTMF: '1#',
    speechRate: 0.8,
    regional: { indiaDlt: { principalEntityId: 'p1', contentTemplateId: 'c1' } },
  });
  await make(messages, { messageText: 'Code {{pin}}', pinType: 'HEX' });
  await make(`/2fa/2/applications/${shop['applicationId']}/email/messages`, {
    emailTemplateId: 7,
    from: 'Shop <pin@shop.example>',
    pinLength: 8,
  });
  await make(
    `/v1/applications/${shop['applicationId']}/templates/${spoken['messageId']}/delivery`,
    PLAN,
    'PUT',
  );
  await make('/2fa/2/applications', { name: 'Idle', enabled: false });
  const builtIn = `/v1/applications/${'0'.repeat(32)}/delivery`;
  await make(builtIn, { steps: [{ channel: 'voice' }] }, 'PUT');
}

async function run(server: VerifyServer, ...argv: string[]): Promise<Ended> {
  return await saypin(argv, { PORT: new URL(server.url).port, API_KEY: KEYS.all, DATA_DIR: folder });
}

async function exported(server: VerifyServer): Promise<ExportDocument> {
  const { code, out, error } = await run(server, 'export');
  expect([code, error]).toStrictEqual([0, '']);
  return JSON.parse(out) as ExportDocument;
}

/** Without what a service gives of its own. */
function content(document: ExportDocument): unknown {
  const plain = document.applications.map(({ messages, ...application }) => ({
    ...application,
    applicationId: '',
    messages: messages.map(message => ({ ...message, messageId: '' })).toSorted(byText),
  }));
  return plain.toSorted((a, b) => a.name.localeCompare(b.name));
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a).localeCompare(JSON.stringify(b));
}

describe('saypin export and import', () => {
  it('make a fresh service equal', async () => {
    expect((await run(source, 'export', '-o', file)).error).toBe('3 applications, 3 templates\n');
    const before = await exported(source);
    expect(JSON.stringify(before)).not.toContain(KEYS.all);
    expect(
      (before.applications[0]?.messages.length ?? 0) + (before.applications[1]?.messages.length ?? 0),
    ).toBeGreaterThan(0);

    const done = await run(target, 'import', file);
    expect(done.error).toBe('');
    expect(done.code).toBe(0);
    expect(content(await exported(target))).toStrictEqual(content(before));
  });

  it('do nothing the second time, and say beforehand what they would do', async () => {
    await run(source, 'export', '-o', file);
    const would = await run(target, 'import', file, '--dry-run');
    expect(would.out).toMatch(/\nWould create 6, update 0, 0 the same\.\n$/);
    expect((await exported(target)).applications).toStrictEqual([]);

    await run(target, 'import', file);
    const once = await exported(target);
    const again = await run(target, 'import', file, '--json');
    const { actions } = JSON.parse(again.out) as { actions: { does: string }[] };
    expect(actions.map(({ does }) => does)).toStrictEqual(Array.from({ length: 6 }, () => 'unchanged'));
    expect({ ...(await exported(target)), exportedAt: '' }).toStrictEqual({ ...once, exportedAt: '' });
  });

  it('carry a later change over, found by the map', async () => {
    const map = join(folder, 'ids.json');
    await run(source, 'export', '-o', file);
    expect((await run(target, 'import', file, '--map', map)).code).toBe(0);
    const ids = JSON.parse(readFileSync(map, 'utf8')) as Record<string, string>;
    const document = JSON.parse(readFileSync(file, 'utf8')) as ExportDocument;
    const shop = document.applications.find(({ name }) => name.startsWith('Shop'))!;
    const spoken = shop.messages.find(message => 'voiceName' in message)!;
    expect(ids[shop.applicationId]).toMatch(/^[0-9A-F]{32}$/);

    Object.assign(shop, { name: 'Shop', delivery: { steps: [{ channel: 'voice' }] } });
    Object.assign(spoken, { messageText: 'Neuer Code: {{pin}}', delivery: null });
    writeFileSync(file, JSON.stringify(document));
    const would = await run(target, 'import', file, '--map', map, '--dry-run');
    expect(would.out).toContain('update  application  "Shop"  (name, delivery)');
    expect(would.out).toContain('update  message      "Neuer Code: {{pin}}"  (messageText, delivery)');
    expect(would.out).toMatch(/Would create 0, update 2, 4 the same/);
    await run(target, 'import', file, '--map', map);
    expect(content(await exported(target))).toStrictEqual(content(document));
    const { body } = await target.raw(
      'GET',
      `/2fa/2/applications/${ids[shop.applicationId]}/messages/${ids[spoken.messageId]}`,
    );
    expect(body['messageText']).toBe('Neuer Code: {{pin}}');
  });

  it('say what the API cannot take away', async () => {
    await run(source, 'export', '-o', file);
    const document = JSON.parse(readFileSync(file, 'utf8')) as ExportDocument;
    const spoken = document.applications
      .flatMap(({ messages }) => messages)
      .find(each => 'voiceName' in each)!;
    delete (spoken as { voiceName?: string }).voiceName;
    writeFileSync(file, JSON.stringify(document));
    const { out } = await run(source, 'import', file, '--dry-run');
    expect(out).toContain('(keeps its voiceName: the API cannot remove it)');
  });

  it('export what is asked for, and draw a bar on a terminal only', async () => {
    const { applications } = await exported(source);
    const { applicationId } = applications.find(({ name }) => name === 'Idle')!;
    const at = { environment: { PORT: new URL(source.url).port, API_KEY: KEYS.all } };
    const one = await saypinAt(['export', '--app', applicationId], {
      ...at,
      tty: { out: false, error: true },
    });
    expect((JSON.parse(one.out) as ExportDocument).applications).toMatchObject([{ name: 'Idle' }]);
    expect(one.error).toContain('export [########################] 1/1 Idle');
    const none = await run(source, 'export', '--app', 'x');
    expect(none).toMatchObject({ code: 3, error: 'saypin: there is no application "x"\n' });
  });

  it('wait when the limit of requests is reached, and go on', async () => {
    const waited: number[] = [];
    let refusals = 1;
    const real = globalThis.fetch;
    globalThis.fetch = async (input, init) => {
      const path = new URL(input instanceof Request ? input.url : input).pathname;
      if (path === '/2fa/2/applications' && refusals-- > 0)
        return new Response('{}', { status: 429, headers: { 'retry-after': '7' } });
      return await real(input, init);
    };
    try {
      const ended = await saypinAt(['export'], {
        environment: { PORT: new URL(source.url).port, API_KEY: KEYS.all },
        sleep: async ms => void waited.push(ms),
      });
      expect([ended.code, ended.error]).toStrictEqual([
        0,
        'The limit of requests is reached: going on in 7 s\n',
      ]);
      expect(waited).toStrictEqual([7_000]);
    } finally {
      globalThis.fetch = real;
    }
  });

  it.each([
    ['no file', ['import'], 2, /needs the file/],
    ['a file that is not there', ['import', '/nonexistent.json'], 1, /ENOENT/],
    ['what is no JSON', 'no', 1, /is no JSON/],
    ['another document', '{"format":"x"}', 1, /format/],
    [
      'another version',
      '{"format":"saypin-export","version":2,"exportedAt":"","applications":[]}',
      1,
      /version is 2, and this program reads 1/,
    ],
  ] as const)('refuse %s', async (_what, given, code, message) => {
    const argv = typeof given === 'string' ? ['import', file] : [...given];
    if (typeof given === 'string') writeFileSync(file, given);
    const ended = await run(target, ...argv);
    expect([ended.code, ended.out]).toStrictEqual([code, '']);
    expect(ended.error).toMatch(message);
  });

  it('need a key that may do it, and say which of two namesakes they cannot tell', async () => {
    const poor = await saypin(['export'], { PORT: new URL(source.url).port, API_KEY: KEYS.phones });
    expect(poor).toMatchObject({ code: 5, error: expect.stringContaining('2fa:manage') as string });

    await run(source, 'export', '-o', file);
    for (const pinAttempts of [1, 2])
      await target.raw('POST', '/2fa/2/applications', { name: 'Idle', configuration: { pinAttempts } });
    const ended = await run(target, 'import', file);
    expect(ended).toMatchObject({
      code: 1,
      error: expect.stringContaining('2 applications named "Idle": say with --map') as string,
    });
  });
});
