import type { CallRef } from '../domain/types.ts';
import type { WebhookKind } from './delivery.ts';

/** Every URL that a carrier gets holds our reference, so that a lost reply is adopted by the first webhook. */
export function webhookUrl(
  publicUrl: string,
  carrier: string,
  ref: CallRef,
  kind: WebhookKind | 'text',
): string {
  return `${publicUrl}/carrier-webhooks/${carrier}/${ref}/${kind}`;
}

/** The token is in the path: Twilio allows no query here. */
export function mediaUrl(publicUrl: string, carrier: string, token: string): string {
  return `${publicUrl.replace(/^http/, 'ws')}/media/${carrier}/${token}`;
}
