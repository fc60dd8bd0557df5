import { createHash } from 'node:crypto';

import twilio from 'twilio';
import { describe, expect, test } from 'vitest';

import type { RawWebhook } from '../../src/carriers/carrier.ts';
import { verifyTwilioSignature } from '../../src/carriers/twilio/signature.ts';
import { seededRandom } from '../support/seeded-random.ts';

const TOKEN = '12345';
const FORM = 'application/x-www-form-urlencoded';

function request(
  url: string,
  signature: string,
  more: { method?: string; body?: string; type?: string } = {},
): RawWebhook {
  const { method = more.body === undefined ? 'GET' : 'POST', body = '', type = FORM } = more;
  return {
    method,
    url,
    headers: { 'x-twilio-signature': signature, ...(body === '' ? {} : { 'content-type': type }) },
    rawBody: Buffer.from(body),
  };
}

const valid = (raw: RawWebhook, token = TOKEN) => verifyTwilioSignature(token, raw);
/** Whole numbers below `count`, reproducible. */
function picker(seed: number): (count: number) => number {
  const random = seededRandom(seed);
  return count => random(6).readUIntBE(0, 6) % count;
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('the vectors of carrier-protocols.md 1.5', () => {
  const body =
    'CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212';

  test('a form', () => {
    const raw = request('https://mycompany.com/myapp.php?foo=1&bar=2', 'RSOYDt4T1cUTdK1PDd93/VVr8B8=', {
      body,
    });
    expect(valid(raw)).toBe(true);
    expect(valid(raw, '12346')).toBe(false);
  });

  test('the order of the fields is nothing', () => {
    const shuffled = body.split('&').toReversed().join('&');
    const url = 'https://mycompany.com/myapp.php?foo=1&bar=2';
    expect(valid(request(url, 'RSOYDt4T1cUTdK1PDd93/VVr8B8=', { body: shuffled }))).toBe(true);
  });

  test('JSON with the hash of its body in the URL', () => {
    const url =
      'https://example.com/cb?bodySHA256=015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862';
    const signature = '1GgN8nEpt8zPd8zDAaVw1GrLTTo=';
    expect(valid(request(url, signature, { body: '{"a":1}', type: 'application/json' }))).toBe(true);
    expect(valid(request(url, signature, { body: '{"a":2}', type: 'application/json' }))).toBe(false);
    expect(valid(request(url, signature, { body: '', method: 'POST' }))).toBe(false);
  });

  test('a media upgrade, whose trailing slash counts', () => {
    expect(valid(request('wss://example.com/media', '7PR3qMkpDyEJtMrVOY/LDyNq8J8='))).toBe(true);
    expect(valid(request('wss://example.com/media/', '7PR3qMkpDyEJtMrVOY/LDyNq8J8='))).toBe(false);
  });
});

describe('agrees with the twilio package', () => {
  const base = '/carrier-webhooks/twilio/0123456789abcdef0123456789abcdef/status';
  const fields = {
    CallSid: `CA${'0'.repeat(32)}`,
    CallStatus: 'completed',
    Empty: '',
    Name: 'Zoë & Søn = "x" + 1 % <tag> \u{1F4DE}',
    Timestamp: 'Mon, 16 Aug 2021 03:45:01 +0000',
    To: '+41793026727',
    a: 'lower case sorts last',
  };

  test.each([
    ['https', 'https://pin.example.com'],
    ['https with its port', 'https://pin.example.com:443'],
    ['https on another port', 'https://pin.example.com:8443'],
    ['http', 'http://127.0.0.1:8080'],
    ['IPv6', 'http://[::1]:8080'],
    ['IPv6 without a port', 'https://[2001:db8::1]'],
  ])('%s: a form, a GET', (_, origin) => {
    const url = `${origin}${base}?step=2`;
    const body = new URLSearchParams(fields).toString();
    const forForm = twilio.getExpectedTwilioSignature(TOKEN, url, fields);
    const forGet = twilio.getExpectedTwilioSignature(TOKEN, url, {});
    expect(twilio.validateRequest(TOKEN, forForm, url, fields)).toBe(true);
    expect(valid(request(url, forForm, { body }))).toBe(true);
    expect(valid(request(url, forGet))).toBe(true);
    expect(valid(request(url, forForm))).toBe(false);
    expect(valid(request(url, forGet, { body }))).toBe(false);
  });

  test.each([
    ['without the port', 'https://h.example:8443/x', 'https://h.example/x'],
    ['with the standard port', 'https://h.example/x', 'https://h.example:443/x'],
    ['with the standard port, plain', 'http://h.example/x', 'http://h.example:80/x'],
    ['IPv6 without the port', 'http://[::1]:8080/x', 'http://[::1]/x'],
  ])('signed %s', (_, seen, signed) => {
    const signature = twilio.getExpectedTwilioSignature(TOKEN, signed, fields);
    expect(twilio.validateRequest(TOKEN, signature, seen, fields)).toBe(true);
    expect(valid(request(seen, signature, { body: new URLSearchParams(fields).toString() }))).toBe(true);
  });

  test('a media upgrade signed with or without the port', () => {
    for (const [seen, signed] of [
      ['wss://h.example:8443/media/twilio/T', 'wss://h.example/media/twilio/T'],
      ['wss://h.example/media/twilio/T', 'wss://h.example:443/media/twilio/T'],
      ['ws://127.0.0.1:8080/media/twilio/T', 'ws://127.0.0.1:8080/media/twilio/T'],
    ] as const) {
      expect(valid(request(seen, twilio.getExpectedTwilioSignature(TOKEN, signed, {})))).toBe(true);
    }
  });

  test('repeated fields: de-duplicated, sorted', () => {
    const url = `https://pin.example.com${base}`;
    const lists = { Media: ['b', 'a', 'b'], To: '+1' };
    const signature = twilio.getExpectedTwilioSignature(TOKEN, url, lists);
    expect(valid(request(url, signature, { body: 'Media=b&Media=a&Media=b&To=%2B1' }))).toBe(true);
    expect(valid(request(url, signature, { body: 'Media=b&Media=c&Media=b&To=%2B1' }))).toBe(false);
  });

  test('1,000 random forms', () => {
    const pick = picker(12);
    const alphabet = 'abzABZ019 +&=%?#/\\"\'<>~*!()-_.é漢\u{1F600}\n\r\t';
    const word = (length: number) =>
      Array.from({ length }, () => [...alphabet][pick([...alphabet].length)]).join('');
    for (let round = 0; round < 1000; round++) {
      const params = new URLSearchParams();
      for (let field = pick(6); field >= 0; field--) params.append(`k${word(2)}`, word(field));
      const parsed: Record<string, string[]> = {};
      for (const name of params.keys()) parsed[name] = params.getAll(name);
      const url = `https://pin.example.com${base}?round=${round}`;
      const signature = twilio.getExpectedTwilioSignature(TOKEN, url, parsed);
      expect(valid(request(url, signature, { body: params.toString() })), params.toString()).toBe(true);
    }
  });
});

describe('what no signature covers is refused', () => {
  const url = 'https://pin.example.com/x';
  const bare = twilio.getExpectedTwilioSignature(TOKEN, url, {});

  test.each([
    ['no header', { ...request(url, bare), headers: {} }],
    ['an empty header', request(url, '')],
    ['two signatures', request(url, `${bare}, ${bare}`)],
    ['a body on a GET', request(url, bare, { method: 'GET', body: 'a=1' })],
    ['JSON without a hash', request(url, bare, { body: '{}', type: 'application/json' })],
    [
      'a body of no type',
      { ...request(url, bare, { body: 'a=1' }), headers: { 'x-twilio-signature': bare } },
    ],
    ['another method', request(url, bare, { method: 'PUT' })],
    ['no URL at all', request('', bare)],
  ])('%s', (_, raw) => expect(valid(raw)).toBe(false));

  test('two body hashes', () => {
    const twice = `${url}?bodySHA256=${sha256('{}')}&bodySHA256=${sha256('[]')}`;
    const signature = twilio.getExpectedTwilioSignature(TOKEN, twice, {});
    expect(valid(request(twice, signature, { body: '{}', type: 'application/json' }))).toBe(false);
  });

  test.each([
    ['a raw space', 'Name=a b'],
    ['an escape in small letters', 'To=%2b41'],
    ['an escape cut short', 'To=%2'],
    ['escapes that are no UTF-8', 'To=%FF'],
    ['a field without a value', 'To'],
    ['an empty field', 'a=1&&b=2'],
    ['a value with a raw equals sign', 'a=b=c'],
    ['a byte outside ASCII', 'a=é'],
  ])('a spelling of the form that no encoder writes: %s', (_, body) => {
    const params = Object.fromEntries(new URLSearchParams(body));
    const signature = twilio.getExpectedTwilioSignature(TOKEN, url, params);
    expect(valid(request(url, signature, { body }))).toBe(false);
  });
});

/**
 * security.md: 1,000 signed fixtures with every byte of URL, body and signature mutated, none accepted. Here each byte
 * becomes one other, drawn by a fixed seed; `SIGNATURE_MUTATIONS=all` tries all 255.
 */
describe('mutations', () => {
  const pick = picker(20261121);
  const hex = (length: number) => Array.from({ length }, () => pick(16).toString(16)).join('');
  const everything = process.env['SIGNATURE_MUTATIONS'] === 'all';

  function fixture(index: number): RawWebhook {
    const origin = ['https://pin.example.com', 'https://pin.example.com:8443', 'http://127.0.0.1:8080'][
      index % 3
    ]!;
    const path = `/carrier-webhooks/twilio/${hex(32)}/${['answer', 'status', 'digits', 'machine'][pick(4)]}`;
    const query = pick(2) === 0 ? '' : `?step=${pick(9)}`;
    switch (index % 5) {
      case 0: {
        const url = `${origin.replace('http', 'ws')}/media/twilio/${hex(32)}`;
        return request(url, twilio.getExpectedTwilioSignature(TOKEN, url, {}));
      }
      case 1: {
        const body = JSON.stringify({ CallSid: `CA${hex(32)}`, at: pick(1e9) });
        const url = `${origin}${path}?bodySHA256=${sha256(body)}`;
        const signature = twilio.getExpectedTwilioSignature(TOKEN, url, {});
        return request(url, signature, { body, type: 'application/json' });
      }
      case 2: {
        const url = `${origin}${path}?CallSid=CA${hex(32)}&CallStatus=completed`;
        return request(url, twilio.getExpectedTwilioSignature(TOKEN, url, {}));
      }
      default: {
        const fields = {
          AccountSid: `AC${hex(32)}`,
          CallSid: `CA${hex(32)}`,
          CallStatus: 'in-progress',
          Digits: String(pick(100)),
          FinishedOnKey: '',
          Timestamp: 'Mon, 16 Aug 2021 03:45:01 +0000',
          To: `+4179${pick(1e7)}`,
        };
        const url = `${origin}${path}${query}`;
        const signature = twilio.getExpectedTwilioSignature(TOKEN, url, fields);
        return request(url, signature, { body: new URLSearchParams(fields).toString() });
      }
    }
  }

  function mutants(text: Buffer): Buffer[] {
    return [...text].flatMap((byte, place) => {
      const values = everything
        ? Array.from({ length: 255 }, (_, step) => byte + 1 + step)
        : [byte + 1 + pick(255)];
      return values.map(value => {
        const copy = Buffer.from(text);
        copy[place] = value % 256;
        return copy;
      });
    });
  }

  test('1,000 signed fixtures', { timeout: everything ? 3_600_000 : 20_000 }, () => {
    let tried = 0;
    const accepted: RawWebhook[] = [];
    const attempt = (raw: RawWebhook) => {
      tried++;
      if (valid(raw)) accepted.push(raw);
    };
    for (let index = 0; index < 1000; index++) {
      const raw = fixture(index);
      expect(valid(raw), `fixture ${index} is signed`).toBe(true);
      const signature = String(raw.headers['x-twilio-signature']);
      for (const url of mutants(Buffer.from(raw.url))) attempt({ ...raw, url: url.toString('latin1') });
      for (const rawBody of raw.rawBody.length > 0 ? mutants(raw.rawBody) : []) attempt({ ...raw, rawBody });
      for (const other of mutants(Buffer.from(signature))) {
        attempt({ ...raw, headers: { ...raw.headers, 'x-twilio-signature': other.toString('latin1') } });
      }
    }
    expect(accepted).toEqual([]);
    expect(tried).toBeGreaterThan(200_000);
  });

  test('every byte of one fixture of each kind', () => {
    for (let index = 0; index < 5; index++) {
      const raw = fixture(index);
      for (const [part, text] of [
        ['url', Buffer.from(raw.url)] as const,
        ['rawBody', raw.rawBody] as const,
      ]) {
        for (const place of text.keys()) {
          for (const bit of [1, 2, 4, 8, 16, 32, 64, 128]) {
            const copy = Buffer.from(text);
            copy[place] = copy[place]! ^ bit;
            expect(valid({ ...raw, [part]: part === 'url' ? copy.toString('latin1') : copy })).toBe(false);
          }
        }
      }
    }
  });
});
