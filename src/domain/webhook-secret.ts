import { createHmac } from 'node:crypto';

import type { Keyring } from './pin.ts';

/** Which secret of an endpoint: all that a store keeps of it. */
export interface WebhookSecretName {
  readonly endpointId: string;
  /** How often it was changed, from 1. */
  readonly version: number;
  /** The master key that it is made of. */
  readonly keyId: string;
}

const SECRET_BYTES = 32;

/**
 * The secret that signs what an endpoint gets, `whsec_…` of Standard Webhooks with 256 bits. It is made of the master key each
 * time and stored nowhere, like a PIN; the words before the names keep it apart from whatever else is made of that key.
 * @throws Error when the master key is not in the keyring
 */
export function webhookSecret(keyring: Keyring, name: WebhookSecretName): string {
  const { endpointId, version, keyId } = name;
  const mac = createHmac('sha512', keyring.secret(keyId))
    .update(`webhook-secret\n${endpointId}\n${version}\n${keyId}`)
    .digest();
  return `whsec_${mac.subarray(0, SECRET_BYTES).toString('base64')}`;
}
