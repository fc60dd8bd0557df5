import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DEFAULT_TEXTS } from '../../../src/api/verify/default-texts.ts';
import { SaypinError, type CreateVerification, type SaypinClient } from '../../../src/client/index.ts';
import { TEMPLATE_LANGUAGES } from '../../../src/domain/template.ts';
import type { ApplicationId } from '../../../src/domain/types.ts';
import type { Ids } from '../../support/api-server.ts';
import { LANDLINE, MOBILE, TEXT_ONLY, TEXT_THEN_CALL, VerifyServer } from './rig.ts';

let server: VerifyServer;
let client: SaypinClient;
let ids: Ids;
beforeAll(async () => {
  server = await VerifyServer.start();
  client = server.client();
  ids = await server.prepare();
});
afterAll(async () => await server.close());

const textOf = (): string => server.texts.texts.at(-1)?.text ?? '';

/** A create that must be refused; what it says. */
async function refused(body: unknown): Promise<SaypinError> {
  const before = server.texts.texts.length + server.calls.placed.length;
  const error = await client.create(body as CreateVerification).then(
    made => Promise.reject(new Error(`made ${made.id}`)),
    (error: unknown) => error as SaypinError,
  );
  expect(error).toBeInstanceOf(SaypinError);
  await server.pass();
  expect(server.texts.texts.length + server.calls.placed.length).toBe(before);
  return error;
}

const fieldsOf = ({ errors }: SaypinError): string[] => errors.map(({ field }) => field);

describe('the words', () => {
  it.each(TEMPLATE_LANGUAGES)('are a sentence in %s where the request brings none', async language => {
    const { applicationId } = ids;
    const made = await client.create({
      to: MOBILE,
      applicationId,
      language,
      plan: { steps: [{ channel: 'sms' }] },
    });
    await server.pass();
    const pin = await server.api.pinOf(made.id);
    expect(pin).toMatch(/^\d{6}$/);
    expect(textOf()).toBe(DEFAULT_TEXTS[language].replace('{{pin}}', pin));
  });

  it('may come with the request, under the rules of templates', async () => {
    const { applicationId } = ids;
    const made = await client.create({
      to: MOBILE,
      applicationId,
      text: '{{pin}} for {{name}}, twice {{pin}}',
      placeholders: { name: 'Zoë {{pin}}' },
      pinLength: 8,
      pinType: 'HEX',
      from: 'Velo',
      channel: 'sms',
    });
    await server.pass();
    const pin = await server.api.pinOf(made.id);
    expect(pin).toMatch(/^[0-9A-F]{8}$/);
    expect(textOf()).toBe(`${pin} for Zoë {{pin}}, twice ${pin}`);
    expect(server.texts.texts.at(-1)?.from).toBe('Velo');
    expect(made).not.toHaveProperty('template');
  });

  it('may be those of a template', async () => {
    const made = await client.create({
      to: MOBILE,
      applicationId: ids.applicationId,
      template: ids.messageId,
    });
    await server.pass();
    expect(made).toMatchObject({ template: ids.messageId, applicationId: ids.applicationId });
    expect(textOf()).toBe(`Your pin is ${await server.api.pinOf(made.id)}`);
  });
});

describe('the answer', () => {
  it('is the whole resource, at the place that Location names', async () => {
    const answer = await server.raw('POST', '/v1/verifications', {
      to: '0041 79 302 67 27',
      applicationId: ids.applicationId,
      plan: TEXT_THEN_CALL,
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('location')).toBe(`/v1/verifications/${String(answer.body['id'])}`);
    const now = server.api.clock.now();
    const iso = (at: number): string => new Date(at).toISOString();
    expect(answer.body).toStrictEqual({
      id: expect.stringMatching(/^[0-9A-F]{32}$/) as string,
      applicationId: ids.applicationId,
      to: MOBILE,
      state: 'pending',
      channel: 'sms',
      createdAt: iso(now),
      expiresAt: iso(now + 900_000),
      attemptsLeft: 10,
      nextSmsAllowedAt: iso(now),
      nextVoiceAllowedAt: iso(now),
      nextStepAt: iso(now + 30_000),
      undeliverable: false,
      plan: TEXT_THEN_CALL,
      timeline: [
        { at: iso(now), step: 0, channel: 'sms', carrier: 'scripted', trigger: 'first', state: 'sending' },
      ],
    });
  });

  it('is a call at once for a landline', async () => {
    const made = await client.create({
      to: LANDLINE,
      applicationId: ids.applicationId,
      plan: TEXT_THEN_CALL,
    });
    await server.pass();
    expect(server.calls.placed.at(-1)).toMatchObject({ to: LANDLINE });
    expect(made.channel).toBe('voice');
    expect(made.nextSmsAllowedAt).toBeUndefined();
    expect(made.timeline).toMatchObject([
      { channel: 'sms', state: 'skipped', reason: 'number-type', detail: 'fixed-line' },
      { channel: 'voice', step: 1, trigger: 'first' },
    ]);
  });
});

describe('the plan', () => {
  it('is one step for a channel', async () => {
    const { applicationId } = ids;
    const made = await client.create({ to: MOBILE, applicationId, channel: 'voice' });
    expect(made.plan).toStrictEqual({ steps: [{ channel: 'voice' }] });
    expect(made.channel).toBe('voice');
  });

  it('is that of the template, of the application, or of the service', async () => {
    const { applicationId, messageId } = await server.prepare();
    const create = async () => (await client.create({ to: MOBILE, applicationId, template: messageId })).plan;
    expect(await create()).toMatchObject({ steps: [{ channel: 'sms' }, { channel: 'voice' }] });
    const own = { steps: [{ channel: 'voice' as const }] };
    await client.policies.put({ applicationId }, own);
    expect(await create()).toStrictEqual(own);
    await client.policies.put({ applicationId, messageId }, TEXT_ONLY);
    expect(await create()).toStrictEqual(TEXT_ONLY);
  });

  it('is refused where a wait outlives the PIN, by both figures', async () => {
    const { applicationId } = await server.prepare({ pinTimeToLive: '2m' });
    const plan = { steps: [{ channel: 'sms', next: { noReportAfterSeconds: 106 } }, { channel: 'voice' }] };
    const error = await refused({ to: MOBILE, applicationId, plan });
    expect(fieldsOf(error)).toStrictEqual(['plan.steps[0].next.noReportAfterSeconds']);
    expect(error.message).toMatch(/106 s .* 120 s/);
  });

  it('is refused where nobody knows its carrier', async () => {
    const plan = { steps: [{ channel: 'sms', carrier: 'nobody' }] };
    const error = await refused({ to: MOBILE, applicationId: ids.applicationId, plan });
    expect(fieldsOf(error)).toStrictEqual(['plan.steps[0].carrier']);
  });

  it('is refused where no step can reach the number', async () => {
    const error = await refused({ to: LANDLINE, applicationId: ids.applicationId, channel: 'sms' });
    expect(fieldsOf(error)).toStrictEqual(['to']);
  });
});

describe('a request that cannot be', () => {
  const ok = { to: MOBILE };
  it.each<[string, unknown, string[]]>([
    ['nothing', {}, ['to']],
    ['no number', { to: 'never' }, ['to']],
    ['a misspelt field', { ...ok, txt: '{{pin}}' }, ['body']],
    ['a text without the PIN', { ...ok, text: 'hello' }, ['text']],
    ['an empty text', { ...ok, text: '' }, ['text']],
    ['a long text', { ...ok, text: `{{pin}}${'x'.repeat(1_400)}` }, ['text']],
    ['a repeat key that is none', { ...ok, repeatKey: 'x' }, ['repeatKey']],
    ['too many digits', { ...ok, pinLength: 33 }, ['pinLength']],
    ['no digits', { ...ok, pinLength: 0 }, ['pinLength']],
    ['another alphabet', { ...ok, pinType: 'EMOJI' }, ['pinType']],
    ['another language', { ...ok, language: 'xx' }, ['language']],
    ['a placeholder that is the PIN', { ...ok, placeholders: { PIN: '1' } }, ['placeholders']],
    ['a placeholder without a name', { ...ok, placeholders: { ' ': '1' } }, ['placeholders. ']],
    ['a placeholder in braces', { ...ok, placeholders: { '{{a}}': '1' } }, ['placeholders.{{a}}']],
    ['a template of no application', { ...ok, template: 'X' }, ['applicationId']],
    [
      'a template and words',
      { ...ok, applicationId: 'X', template: 'X', text: '{{pin}}', voice: 'Joanna' },
      ['text', 'voice'],
    ],
    ['a plan and a channel', { ...ok, channel: 'sms', plan: { steps: [{ channel: 'sms' }] } }, ['channel']],
    ['a channel that is none', { ...ok, channel: 'pigeon' }, ['channel']],
    ['an empty plan', { ...ok, plan: { steps: [] } }, ['plan.steps']],
    [
      'nine steps',
      { ...ok, plan: { steps: Array.from({ length: 9 }, () => ({ channel: 'sms' })) } },
      ['plan.steps'],
    ],
    [
      'a rule behind the last step',
      { ...ok, plan: { steps: [{ channel: 'sms', next: { onFailure: true } }] } },
      ['plan.steps'],
    ],
    [
      'a wait of nothing',
      { ...ok, plan: { steps: [{ channel: 'sms', next: { noReportAfterSeconds: 0 } }, { channel: 'sms' }] } },
      ['plan.steps[0].next.noReportAfterSeconds'],
    ],
    ['an application that is none', { ...ok, applicationId: 'NOBODY' }, ['applicationId']],
  ])('%s', async (_name, body, fields) => {
    const error = await refused(body);
    expect(error.status).toBe(400);
    expect(error.is('bad-request')).toBe(true);
    expect(fieldsOf(error)).toStrictEqual(fields);
  });

  it('a template of another application', async () => {
    const other = await server.prepare();
    const body = { to: MOBILE, applicationId: other.applicationId, template: ids.messageId };
    expect(fieldsOf(await refused(body))).toStrictEqual(['template']);
  });

  it('an application that is switched off', async () => {
    const { applicationId } = await server.prepare();
    await server.api.disable(applicationId);
    const error = await refused({ to: MOBILE, applicationId });
    expect([error.status, error.reason]).toStrictEqual([403, 'application-disabled']);
  });

  it('one more than a limit lets through', async () => {
    const { applicationId } = await server.prepare({ sendPinPerPhoneNumberLimit: '1/1h' });
    await client.create({ to: MOBILE, applicationId, plan: TEXT_ONLY });
    await server.pass(1_000);
    const error = await refused({ to: MOBILE, applicationId });
    expect(error.is('too-many-requests')).toBe(true);
    expect(error.retryAfterSeconds).toBe(3_599);
  });
});

it('the built-in application is made on first use, and stays as the operator has it then', async () => {
  const fresh = await VerifyServer.start();
  const { store } = fresh.api;
  const id = '0'.repeat(32) as ApplicationId;
  expect(await store.getApplication(id)).toBeUndefined();
  const made = await fresh.client().create({ to: MOBILE });
  expect(made.applicationId).toBe(id);
  const application = await store.getApplication(id);
  expect(application).toMatchObject({ name: 'Default', enabled: true });
  await store.putApplication({ ...application!, name: 'Mine' });
  await fresh.client().create({ to: MOBILE });
  expect((await store.getApplication(id))?.name).toBe('Mine');
  await fresh.close();
});

describe('the hook', () => {
  it('can deny, and its word is told', async () => {
    const denying = await VerifyServer.start({
      delivery: { gate: { ask: async () => ({ allow: false, reason: 'not on our list' }) } },
    });
    const error = await denying
      .client()
      .create({ to: MOBILE })
      .catch((error: unknown) => error as SaypinError);
    expect(error).toMatchObject({ status: 403, type: '/v1/problems/denied', reason: 'not on our list' });
    await denying.close();
  });
});

it('speaks the language of the service where neither text nor language is given', async () => {
  const german = await VerifyServer.start({ defaultLanguage: 'de' });
  const made = await german.client().create({ to: MOBILE, channel: 'sms' });
  await german.pass();
  const pin = await german.api.pinOf(made.id);
  expect(german.texts.texts[0]?.text).toBe(DEFAULT_TEXTS.de.replace('{{pin}}', pin));
  await german.close();
});
