import { createHmac, randomBytes } from 'node:crypto';

import type { RandomBytes } from '../../domain/ids.ts';

const PREFIX = 'whsec_';
/** Standard Webhooks 1.0.0, "Symmetric signatures": between 24 and 64 bytes. */
const MIN_BYTES = 24;
const MAX_BYTES = 64;

/** The keys of a deployment, decoded once. */
export interface WebhookSigner {
  /** The three headers of Standard Webhooks 1.0.0 for one attempt; `id` is the same on every retry, `at` is not. */
  headers(message: { id: string; at: number; body: string | Buffer }): WebhookHeaders;
}

export interface WebhookHeaders {
  readonly 'webhook-id': string;
  /** Seconds since the epoch. */
  readonly 'webhook-timestamp': string;
  /** `v1,<base64>` for each key, separated by spaces. Absent without a key. */
  readonly 'webhook-signature'?: string;
}

/**
 * Signs customer webhooks. With several secrets (`whsec_…`) every one signs, so that a receiver that has only the old
 * or only the new one accepts: add the new one, let receivers change, remove the old one. Without a secret messages
 * carry id and time only.
 * @throws Error for a malformed secret; it is never quoted
 */
export function createWebhookSigner(secrets: readonly string[]): WebhookSigner {
  const keys = secrets.map(decodeSecret);
  return {
    headers({ id, at, body }) {
      const timestamp = String(Math.floor(at / 1000));
      const signatures = keys.map(key => {
        const mac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body);
        return `v1,${mac.digest('base64')}`;
      });
      return {
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        ...(signatures.length > 0 && { 'webhook-signature': signatures.join(' ') }),
      };
    },
  };
}

/** A new secret of 256 bits. */
export function newWebhookSecret(random: RandomBytes = randomBytes): string {
  return `${PREFIX}${random(32).toString('base64')}`;
}

function decodeSecret(secret: string, index: number): Buffer {
  const encoded = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : '';
  const key = Buffer.from(encoded, 'base64');
  const wellFormed = /^[A-Za-z0-9+/]+={0,2}$/.test(encoded) && encoded.length % 4 === 0;
  if (!wellFormed || key.length < MIN_BYTES || key.length > MAX_BYTES) {
    throw new Error(
      `webhook secret ${index + 1} must be "whsec_" and ${MIN_BYTES} to ${MAX_BYTES} bytes in base64`,
    );
  }
  return key;
}
