import { randomBytes } from 'node:crypto';

import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';

import { createWebhookSigner, newWebhookSecret } from '../../../src/delivery/push/signature.ts';

const body = JSON.stringify({ results: [{ text: 'Zoë ☎' }] });

describe('a signature', () => {
  it('is that of the example of Standard Webhooks', () => {
    const headers = createWebhookSigner(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw']).headers({
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      at: 1_614_265_330_000,
      body: '{"test": 2432232314}',
    });
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('verifies with the reference implementation: text, bytes, any secret', () => {
    for (const size of [24, 32, 33, 64]) {
      const secret = `whsec_${randomBytes(size).toString('base64')}`;
      const message = { id: `push-${size}`, at: Date.now(), body };
      const text = createWebhookSigner([secret]).headers(message);
      expect(createWebhookSigner([secret]).headers({ ...message, body: Buffer.from(body) })).toEqual(text);
      expect(new Webhook(secret).verify(body, { ...text })).toEqual(JSON.parse(body));
    }
  });

  it('covers body, id and time', () => {
    const secret = newWebhookSecret();
    const headers = createWebhookSigner([secret]).headers({
      id: 'a',
      at: Date.now(),
      body,
    }) as unknown as Record<string, string>;
    const receiver = new Webhook(secret);
    const seconds = Number(headers['webhook-timestamp']);
    expect(() => receiver.verify(`${body} `, headers)).toThrow(WebhookVerificationError);
    for (const [name, value] of [
      ['webhook-id', 'b'],
      ['webhook-timestamp', String(seconds - 1)],
    ] as const) {
      expect(() => receiver.verify(body, { ...headers, [name]: value })).toThrow(WebhookVerificationError);
    }
    expect(() => new Webhook(newWebhookSecret()).verify(body, headers)).toThrow(WebhookVerificationError);
  });

  it('is made with every secret, so that either side of a rotation verifies', () => {
    const secrets = [newWebhookSecret(), newWebhookSecret()];
    const headers = { ...createWebhookSigner(secrets).headers({ id: 'a', at: Date.now(), body }) } as Record<
      string,
      string
    >;
    expect(headers['webhook-signature']!.split(' ')).toHaveLength(2);
    for (const secret of secrets) expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
    expect(() => new Webhook(newWebhookSecret()).verify(body, headers)).toThrow(WebhookVerificationError);
  });

  it('is left out where there is no secret', () => {
    expect(createWebhookSigner([]).headers({ id: 'a', at: 1999, body })).toEqual({
      'webhook-id': 'a',
      'webhook-timestamp': '1',
    });
  });
});

describe('a secret', () => {
  it('is 256 random bits', () => {
    const secrets = new Set(Array.from({ length: 20 }, () => newWebhookSecret()));
    expect(secrets.size).toBe(20);
    for (const secret of secrets) expect(Buffer.from(secret.slice(6), 'base64')).toHaveLength(32);
  });

  it.each([
    '',
    'whsec_',
    'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    `whsec_${Buffer.alloc(23).toString('base64')}`,
    `whsec_${Buffer.alloc(65).toString('base64')}`,
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS',
    'whsec_MfKQ9r8GKYqrTwjU PD8ILPZIo2LaLaSw',
    'whsec_MfKQ9r8GKYqrTwjU-D8ILPZIo2LaLaSw',
  ])('%j is refused, by number and never by value', secret => {
    expect(() => createWebhookSigner([newWebhookSecret(), secret])).toThrow(/^webhook secret 2 must be/);
    expect(() => createWebhookSigner([secret])).not.toThrow(/MfKQ/);
  });
});
