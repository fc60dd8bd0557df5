import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { listPage } from '../../sip-sim/twilio-lists.ts';
import { Customer } from './customer.ts';

/** Twilio's list resources, asked with Twilio's own client. */
let customer: Customer;
beforeAll(async () => {
  customer = await Customer.start();
});
beforeEach(async () => await customer.clear());
afterAll(async () => await customer.close());

const TO = '+41793026727';
const OTHER = '+41790000000';
const FROM = '+15005550006';
const text = async (to: string, from = FROM) =>
  (await customer.client.messages.create({ to, from, body: 'x' })).sid;

test('calls and messages, newest first, by number', async () => {
  const { client } = customer;
  const calls = [await customer.call(TO), await customer.call(OTHER), await customer.call(TO)];
  const texts = [await text(TO), await text(TO, 'InfoSMS'), await text(OTHER)];
  const sids = (items: { sid: string }[]) => items.map(({ sid }) => sid);
  expect(sids(await client.calls.list())).toEqual(calls.toReversed());
  expect(sids(await client.calls.list({ to: TO }))).toEqual([calls[2], calls[0]]);
  expect(sids(await client.calls.list({ to: TO, from: OTHER }))).toEqual([]);
  expect(sids(await client.messages.list({ to: TO }))).toEqual([texts[1], texts[0]]);
  expect(sids(await client.messages.list({ from: 'InfoSMS' }))).toEqual([texts[1]]);
  const [listed] = await client.calls.list({ to: TO, limit: 1 });
  const fetched = await client.calls(calls[2]!).fetch();
  expect(listed).toMatchObject({ sid: fetched.sid, to: fetched.to, dateCreated: fetched.dateCreated });
});

test('the client walks all pages, whatever arrives meanwhile', async () => {
  const made: string[] = [];
  for (let i = 0; i < 7; i++) made.push(await text(TO));
  const seen: string[] = [];
  const sizes: number[] = [];
  type Page = Pick<Awaited<ReturnType<typeof customer.client.messages.page>>, 'instances' | 'nextPage'>;
  let page: Page | undefined = await customer.client.messages.page({ to: TO, pageSize: 3 });
  while (page) {
    sizes.push(page.instances.length);
    seen.push(...page.instances.map(({ sid }) => sid));
    await text(TO);
    page = await page.nextPage();
  }
  expect(seen).toEqual(made.toReversed());
  expect(sizes).toEqual([3, 3, 1]);
});

test('by time, with the client’s dates and with days by hand', async () => {
  const sid = await customer.call(TO);
  const now = Date.now();
  const { client } = customer;
  const after = await client.calls.list({ startTimeAfter: new Date(now - 60_000) });
  expect(after.map(call => call.sid)).toEqual([sid]);
  expect(await client.calls.list({ startTimeAfter: new Date(now + 60_000) })).toEqual([]);
  expect(await client.calls.list({ startTimeBefore: new Date(now - 60_000) })).toEqual([]);
  const today = new Date().toISOString().slice(0, 10);
  const answer = await raw(`/Calls.json?To=${TO}&StartTime>=${today}&PageSize=1`);
  expect((answer['calls'] as { sid: string }[]).map(call => call.sid)).toEqual([sid]);
  expect(Object.keys(answer).toSorted()).toEqual(
    'calls end first_page_uri next_page_uri page page_size previous_page_uri start uri'.split(' '),
  );
  expect(answer).toMatchObject({ page: 0, page_size: 1, next_page_uri: null, previous_page_uri: null });
});

test('needs the account’s password, and fails where the settings say', async () => {
  const path = `/2010-04-01/Accounts/${customer.sim.accountSid}/Calls.json`;
  expect((await fetch(`${customer.sim.url}${path}`)).status).toBe(401);
  await customer.control('PUT', '/settings', { faults: { rest: { mode: 'error', on: 'list' } } });
  await expect(customer.client.calls.list()).rejects.toMatchObject({ status: 503 });
  await customer.call(TO);
});

describe('filters', () => {
  const item = (sid: string, at?: string) => ({
    sid,
    to: TO,
    from: FROM,
    status: 'queued',
    at: at === undefined ? undefined : new Date(at),
  });
  const items = [item('c'), item('b', '2026-11-21T08:00:00Z'), item('a', '2026-11-20T23:59:59Z')];
  const found = (query: string) =>
    listPage(items, {
      key: 'calls',
      dateField: 'StartTime',
      path: '/Calls.json',
      query: new URLSearchParams(query),
      render: ({ sid }) => ({ sid }),
    })['calls'];

  test.each([
    ['', ['c', 'b', 'a']],
    ['StartTime>=2026-11-21', ['b']],
    ['StartTime>=2026-11-20', ['b', 'a']],
    ['StartTime<=2026-11-21', ['a']],
    ['StartTime=2026-11-20', ['a']],
    ['StartTime>=2026-11-21T08:00:00Z', ['b']],
    ['StartTime>=2026-11-21T08:00:01Z', []],
    ['StartTime>=yesterday', ['c', 'b', 'a']],
    ['Status=completed', []],
    ['PageSize=2', ['c', 'b']],
    ['PageSize=2&Page=1', ['a']],
    ['PageSize=0', ['c']],
    ['PageSize=x', ['c', 'b', 'a']],
    ['PageSize=1&Page=1&PageToken=PAb', ['a']],
  ])('%s', (query, sids) => {
    expect(found(query)).toEqual(sids.map(sid => ({ sid })));
  });
});

async function raw(path: string): Promise<Record<string, unknown>> {
  const { sim } = customer;
  const authorization = `Basic ${Buffer.from(`${sim.accountSid}:${sim.authToken}`).toString('base64')}`;
  const url = `${sim.url}/2010-04-01/Accounts/${sim.accountSid}${path}`;
  return (await (await fetch(url, { headers: { authorization } })).json()) as Record<string, unknown>;
}
