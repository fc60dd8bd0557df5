import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import twilio from 'twilio';

import { Customer } from './customer.ts';

/** Twilio's REST face, judged by Twilio's own client. */
let customer: Customer;
beforeAll(async () => {
  customer = await Customer.start();
});
beforeEach(async () => await customer.clear());
afterAll(async () => await customer.close());

const TO = '+41793026727';
const FROM = '+15005550006';

async function refusal(work: Promise<unknown>): Promise<{ status: number; code: number; moreInfo: string }> {
  try {
    await work;
  } catch (error) {
    return error as { status: number; code: number; moreInfo: string };
  }
  throw new Error('was not refused');
}

describe('create call', () => {
  test('answers what the client can read', async () => {
    const call = await customer.client.calls.create({ to: TO, from: FROM, url: `${customer.url}/answer` });
    expect(call.sid).toMatch(/^CA[0-9a-f]{32}$/);
    expect(call).toMatchObject({
      accountSid: customer.sim.accountSid,
      apiVersion: '2010-04-01',
      direction: 'outbound-api',
      from: FROM,
      to: TO,
      status: 'queued',
      duration: null,
      answeredBy: null,
      uri: `/2010-04-01/Accounts/${customer.sim.accountSid}/Calls/${call.sid}.json`,
    });
    expect(Math.abs(call.dateCreated.getTime() - Date.now())).toBeLessThan(5_000);
  });

  test('has exactly the keys, status 201 and RFC 2822 dates of Twilio', async () => {
    const answer = await raw('POST', '/Calls.json', { To: TO, From: FROM, Url: `${customer.url}/answer` });
    expect(answer.status).toBe(201);
    const body = (await answer.json()) as Record<string, unknown>;
    expect(Object.keys(body).toSorted()).toEqual(
      `account_sid answered_by api_version caller_name date_created date_updated direction duration end_time
       forwarded_from from from_formatted group_sid parent_call_sid phone_number_sid price price_unit queue_time sid
       start_time status subresource_uris to to_formatted trunk_sid uri`.split(/\s+/),
    );
    expect(Object.keys(body.subresource_uris as object).toSorted()).toEqual(
      `events notifications payments recordings siprec streams transcriptions user_defined_message_subscriptions
       user_defined_messages`.split(/\s+/),
    );
    expect(body.date_created).toMatch(/^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000$/);
  });

  test.each([
    [{ From: FROM, Url: 'http://h/a' }, 21201],
    [{ To: TO, Url: 'http://h/a' }, 21213],
    [{ To: 'nobody', From: FROM, Url: 'http://h/a' }, 21211],
    [{ To: '41793026727', From: FROM, Url: 'http://h/a' }, 21211],
    [{ To: TO, From: '+0', Url: 'http://h/a' }, 21212],
    [{ To: TO, From: FROM }, 21205],
    [{ To: TO, From: FROM, Url: 'ftp://h/a' }, 21205],
    [{ To: TO, From: FROM, Url: '/relative' }, 21205],
    [{ To: TO, From: FROM, Url: 'http://h/a', StatusCallback: 'nowhere' }, 21609],
    [
      { To: TO, From: FROM, Url: 'http://h/a', StatusCallback: 'http://h/s', StatusCallbackEvent: 'x' },
      21626,
    ],
    [{ To: TO, From: FROM, Url: 'http://h/a', Timeout: '601' }, 21208],
    [{ To: TO, From: FROM, Url: 'http://h/a', MachineDetection: 'Maybe' }, 21207],
    [{ To: TO, From: FROM, Url: 'http://h/a', SendDigits: '12x' }, 21206],
    [{ To: TO, From: FROM, Twiml: `<Response>${' '.repeat(4_000)}</Response>` }, 20001],
  ])('refuses %j with %i', async (form, code) => {
    const answer = await raw('POST', '/Calls.json', form);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      code,
      status: 400,
      more_info: `https://www.twilio.com/docs/errors/${code}`,
      message: expect.stringMatching(/./),
    });
    expect(await customer.control('GET', `/phones/${TO}/calls`)).toEqual({ calls: [] });
  });

  test('wrong token, wrong account, no authorization: 20003', async () => {
    const stranger = twilio(customer.sim.accountSid, 'wrong');
    stranger.api.baseUrl = customer.sim.url;
    expect(await refusal(stranger.calls.create({ to: TO, from: FROM, url: customer.url }))).toMatchObject({
      status: 401,
      code: 20003,
    });
    const other = twilio(`AC${'a'.repeat(32)}`, customer.sim.authToken);
    other.api.baseUrl = customer.sim.url;
    expect(await refusal(other.calls.create({ to: TO, from: FROM, url: customer.url }))).toMatchObject({
      status: 401,
      code: 20003,
    });
    const path = `/2010-04-01/Accounts/${customer.sim.accountSid}/Calls.json`;
    const answer = await fetch(`${customer.sim.url}${path}`, { method: 'POST' });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code: 20003, message: 'Authenticate' });
  });
});

describe('read and update', () => {
  test('unknown calls and messages and paths are 20404', async () => {
    const sid = `CA${'0'.repeat(32)}`;
    expect(await refusal(customer.client.calls(sid).fetch())).toMatchObject({
      status: 404,
      code: 20404,
      moreInfo: 'https://www.twilio.com/docs/errors/20404',
    });
    expect(await refusal(customer.client.calls(sid).update({ status: 'completed' }))).toMatchObject({
      code: 20404,
    });
    expect(await refusal(customer.client.messages(`SM${'0'.repeat(32)}`).fetch())).toMatchObject({
      code: 20404,
    });
    expect((await raw('GET', '/Conferences.json')).status).toBe(404);
  });

  test('completed hangs up a live call; a call that is over refuses with 21220', async () => {
    customer.documents.set('/answer', '<Response><Pause length="60"/></Response>');
    const sid = await customer.call(TO);
    await customer.control('GET', '/');
    await untilState(sid, 'answered');
    const updated = await customer.client.calls(sid).update({ status: 'completed' });
    expect(updated.status).toBe('completed');
    expect(await customer.ended(sid)).toMatchObject({ outcome: 'completed', endedBy: 'customer' });
    const fetched = await customer.client.calls(sid).fetch();
    expect(Number(fetched.duration)).toBeGreaterThan(0);
    expect(await refusal(customer.client.calls(sid).update({ status: 'completed' }))).toMatchObject({
      status: 400,
      code: 21220,
    });
    expect(await refusal(customer.client.calls(sid).update({ twiml: '<Response/>' }))).toMatchObject({
      code: 21220,
    });
  });

  test.each(['completed', 'canceled'] as const)('%s before the answer cancels', async status => {
    await customer.phone(TO, { outcome: 'manual' });
    const sid = await customer.call(TO);
    await untilState(sid, 'ringing');
    expect((await customer.client.calls(sid).update({ status })).status).toBe('canceled');
    expect(await customer.get(sid)).toMatchObject({ outcome: 'canceled', sipCode: 487 });
  });

  test('canceled leaves an answered call alone', async () => {
    customer.documents.set('/answer', '<Response><Pause length="60"/></Response>');
    const sid = await customer.call(TO);
    await untilState(sid, 'answered');
    expect((await customer.client.calls(sid).update({ status: 'canceled' })).status).toBe('in-progress');
  });

  test('Url and Twiml redirect a live call', async () => {
    customer.documents.set('/answer', '<Response><Pause length="600"/></Response>');
    customer.documents.set('/other', '<Response><Redirect>third</Redirect></Response>');
    customer.documents.set('/third', '<Response><Pause length="600"/></Response>');
    const sid = await customer.call(TO);
    await untilState(sid, 'answered');
    await customer.client.calls(sid).update({ url: `${customer.url}/other`, method: 'GET' });
    await expect.poll(() => customer.callbacks('/third').length).toBe(1);
    expect(customer.callbacks('/other')[0]).toMatchObject({ method: 'GET', valid: true });
    await customer.client.calls(sid).update({ twiml: '<Response><Hangup/></Response>' });
    expect(await customer.ended(sid)).toMatchObject({ outcome: 'completed', endedBy: 'document' });
  });
});

async function untilState(sid: string, state: string): Promise<void> {
  await expect.poll(async () => (await customer.get(sid)).state, { interval: 5 }).toBe(state);
}

async function raw(method: string, path: string, form?: Record<string, string>): Promise<Response> {
  const { accountSid, authToken, url } = customer.sim;
  return await fetch(`${url}/2010-04-01/Accounts/${accountSid}${path}`, {
    method,
    headers: { authorization: `Basic ${btoa(`${accountSid}:${authToken}`)}` },
    body: form && new URLSearchParams(form),
  });
}
