import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Ear } from '../../sip-sim/ear.ts';
import { freePort, recordCanary, Service } from '../support/service.ts';
import { endedCall } from '../support/story.ts';
import { inputOf, saypin, saypinAt } from './rig.ts';

const PHONE = '+41793026727';

let service: Service;
let environment: Record<string, string>;
beforeAll(async () => {
  service = await Service.start({ SIM_SPEED: '6' });
  environment = { PORT: new URL(service.url).port, DATA_DIR: service.dataDir, API_KEY: service.apiKey };
  const builtIn = '0'.repeat(32);
  await service.api('GET', `/v1/applications/${builtIn}/delivery`);
  const loose = { name: 'Default', configuration: { verifyPinLimit: '10/1s' } };
  expect((await service.api('PUT', `/2fa/2/applications/${builtIn}`, loose)).status).toBe(200);
});
afterAll(async () => {
  await service.stop();
});

describe('saypin send and verify, against the service as it is started', () => {
  it('call, tell how it goes, and take what was heard', async () => {
    const sent = await saypin(
      [
        'send',
        '--to',
        PHONE,
        '--channel',
        'voice',
        '--text',
        'Hello {{name}}, your code is,, {{pin}}',
        '--var',
        'name=Ann',
        '--wait',
      ],
      environment,
    );
    expect(sent.error).toMatch(
      /^On its way to \+4179\*{4}727, good until \S+Z\. Check it with: saypin verify \w{32}\n/,
    );
    expect(sent.error).toContain('  voice answered\n');
    expect(sent.error).toContain('  voice delivered');
    expect(sent.code).toBe(0);
    const id = sent.out.trim();
    expect(id).toMatch(/^[0-9A-F]{32}$/);

    const call = await endedCall(service, PHONE);
    const [pin = ''] = (await Ear.create()).listen(await service.recording(call.id)).readings;
    expect(pin).toMatch(/^\d{6}$/);
    recordCanary(pin);
    const wrong = pin.replace(/.$/, last => String((Number(last) + 1) % 10));
    const refused = await saypin(['verify', id, wrong], environment);
    expect(refused).toMatchObject({
      code: 6,
      out: expect.stringMatching(/^not verified: wrong, \d+ attempts left\n$/) as string,
    });
    const right = await saypin(['verify', id, '--json'], environment, `${pin}\n`);
    expect(right.code).toBe(0);
    expect(JSON.parse(right.out)).toMatchObject({ id, verified: true, state: 'verified' });
    expect(sent.out + sent.error + refused.out + refused.error + right.out + right.error).not.toContain(pin);
  });

  it('say so when nobody was reached', async () => {
    const absent = '+41793026799';
    await service.sim('PUT', `/phones/${absent}`, { outcome: 'busy' });
    const sent = await saypinAt(['send', '--to', absent, '--channel', 'voice', '--wait', '--json'], {
      environment,
    });
    expect([sent.code, sent.error]).toStrictEqual([1, 'saypin: it was not delivered\n']);
    expect(JSON.parse(sent.out)).toMatchObject({ undeliverable: true, timeline: [{ channel: 'voice' }] });
  });

  it.each([
    ['no number', ['send'], 2, /needs --to/],
    ['a bad number', ['send', '--to', '12'], 2, /^saypin: to [^\n]+\n$/],
    [
      'a channel that is none',
      ['send', '--to', PHONE, '--channel', 'fax'],
      2,
      /one of sms, voice|one of voice, sms/,
    ],
    ['a text without a PIN', ['send', '--to', PHONE, '--text', 'Hello'], 2, /text/],
    ['a template without its application', ['send', '--to', PHONE, '--template', 'x'], 2, /applicationId/],
    ['no id', ['verify'], 2, /needs the id/],
    ['no PIN', ['verify', 'F'.repeat(32)], 2, /no PIN was given/],
    ['an unknown id', ['verify', 'F'.repeat(32), '1234'], 3, /knows no such verification/],
  ] as const)('refuse %s', async (_what, argv, code, message) => {
    const ended = await saypinAt(argv, { environment, input: inputOf('') });
    expect([ended.code, ended.out]).toStrictEqual([code, '']);
    expect(ended.error).toMatch(message);
  });

  it('need a key, and a service', async () => {
    const unknown = await saypin(['send', '--to', PHONE], {
      ...environment,
      API_KEY: 'unknown-key-0123456789',
    });
    expect(unknown).toMatchObject({ code: 5, error: expect.stringContaining('API_KEY') as string });
    expect(unknown.error).not.toContain('unknown-key');
    const nobody = await saypin(
      ['verify', 'x', '1', '--url', `http://127.0.0.1:${await freePort()}`],
      environment,
    );
    expect(nobody).toMatchObject({ code: 4, error: expect.stringContaining('nothing listens') as string });
  });
});
