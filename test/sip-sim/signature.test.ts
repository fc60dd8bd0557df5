import * as fastCheck from 'fast-check';
import twilio from 'twilio';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { signature } from '../../sip-sim/signature.ts';
import { Customer, eventually } from './customer.ts';

/** carrier-protocols.md 1.5: its vectors, and Twilio's library as the judge of whatever leaves the simulator. */
test('the documented vectors', () => {
  const form = new URLSearchParams({
    CallSid: 'CA1234567890ABCDE',
    Caller: '+14158675309',
    Digits: '1234',
    From: '+14158675309',
    To: '+18005551212',
  });
  expect(signature('12345', 'https://mycompany.com/myapp.php?foo=1&bar=2', form)).toBe(
    'RSOYDt4T1cUTdK1PDd93/VVr8B8=',
  );
  expect(signature('12345', 'wss://example.com/media')).toBe('7PR3qMkpDyEJtMrVOY/LDyNq8J8=');
});

test('agrees with the library on any form', () => {
  const value = fastCheck.string({ unit: 'grapheme', maxLength: 20 });
  const name = fastCheck.string({ minLength: 1, maxLength: 8 }).filter(text => text !== '__proto__');
  fastCheck.assert(
    fastCheck.property(fastCheck.array(fastCheck.tuple(name, value), { maxLength: 8 }), pairs => {
      const form = new URLSearchParams(pairs);
      const params = Object.fromEntries([...new Set(form.keys())].map(key => [key, form.getAll(key)]));
      const url = 'https://example.com/webhook?x=1';
      expect(twilio.validateRequest('token', signature('token', url, form), url, params)).toBe(true);
    }),
  );
});

let customer: Customer;
beforeAll(async () => {
  customer = await Customer.start();
});
afterAll(async () => await customer.close());

test('every webhook and socket upgrade of a call is signed, GET and POST, query or none', async () => {
  customer.documents.set(
    '/answer',
    `<Response><Connect action="/after?x=a%20b"><Stream url="${customer.wsUrl}/media/token" statusCallback="${customer.url}/stream" statusCallbackMethod="GET"/></Connect></Response>`,
  );
  customer.documents.set(
    '/after',
    '<Response><Redirect method="GET">/last?q=1&amp;r=ä</Redirect></Response>',
  );
  customer.documents.set('/last', '<Response/>');
  customer.onMedia = media => media.socket.close();
  const sid = await customer.call('+41793026727', {
    url: `${customer.url}/answer?key=%2Bvalue&empty=`,
    machineDetection: 'Enable',
    asyncAmd: 'true',
    asyncAmdStatusCallback: `${customer.url}/machine`,
    statusCallback: `${customer.url}/status?call=1`,
  });
  await customer.ended(sid);
  await eventually('all callbacks', () => customer.callbacks().length === 4);
  await eventually('stream callbacks', () => customer.callbacks('/stream').length === 2);
  expect(customer.callbacks('/last')[0]).toMatchObject({ method: 'GET', params: { q: '1', CallSid: sid } });
  expect(customer.webhooks.length).toBeGreaterThanOrEqual(9);
  expect(customer.webhooks.filter(webhook => !webhook.valid)).toEqual([]);
  expect(customer.media.map(media => media.valid)).toEqual([true]);
});
