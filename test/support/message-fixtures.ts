import { beside, shardOf } from '../../src/domain/ids.ts';
import type { SmsContent, VoiceContent } from '../../src/domain/message.ts';
import type { NewBatch, NewBulk, NewMessage } from '../../src/store/message-store.ts';
import { seededRandom } from './seeded-random.ts';

let random = seededRandom('message-fixtures');
let serial = 0;

/** Another sequence of references, for a process that shares a store's file with others. */
export function seedMessages(seed: string | number): void {
  random = seededRandom(seed);
}

/** In the shard of its bulk, as the service makes them. */
export const newRef = (bulkId: string): string => beside(shardOf(bulkId), random(16).toString('hex'));

export const VOICE: VoiceContent = {
  text: 'The train leaves at nine',
  language: 'en',
  speechRate: 1,
  dtmfTimeoutSeconds: 10,
  ringTimeoutSeconds: 45,
  pauseSeconds: 0,
  machineDetection: 'off',
  callTransfers: [],
};

export const SMS: SmsContent = { text: 'The train leaves at nine', flash: false, messageCount: 1 };

export interface BulkOptions extends Partial<Omit<NewBulk, 'batches' | 'messages'>> {
  readonly count?: number;
  readonly batch?: Partial<NewBatch>;
  readonly messages?: readonly Partial<NewMessage>[];
  readonly batches?: readonly NewBatch[];
}

/** One batch of `count` (default 3) text messages, unless told otherwise. */
export function newBulk(options: BulkOptions = {}): NewBulk {
  const { count = 3, batch, messages, batches, channel = 'sms', ...rest } = options;
  const number = serial++;
  const bulkId = rest.bulkId ?? `bulk-${number}`;
  const given = messages ?? Array.from({ length: count }, () => ({}));
  return {
    bulkId,
    face: channel === 'sms' ? 'sms3' : 'tts3',
    channel,
    ...rest,
    batches: batches ?? [{ from: 'Shop', content: channel === 'sms' ? SMS : VOICE, ...batch }],
    messages: given.map((message, index) => ({
      ref: newRef(bulkId),
      messageId: `message-${number}-${index}`,
      to: `4179${String(3_000_000 + index)}`,
      batch: 0,
      ...message,
    })),
  };
}
