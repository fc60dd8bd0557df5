import type { Message, VoiceResult } from '../../../src/domain/message.ts';
import type { TtsServer } from './rig.ts';

/** The call of the documents' report examples. */
export const CALL: VoiceResult = {
  startedAt: Date.UTC(2018, 5, 25, 13, 38, 15),
  answeredAt: Date.UTC(2018, 5, 25, 13, 38, 25),
  endedAt: Date.UTC(2018, 5, 25, 13, 38, 28, 316),
  durationSeconds: 3.316,
  fileDurationSeconds: 19.3,
  dtmfCodes: '3, 9',
};

/** A message that a human answered, with everything that can be known of it. */
export async function answered(server: TtsServer, fields: Partial<Message> = {}): Promise<Message> {
  const { body } = await server.send({ from: '385333444', callbackData: 'DLR callback data' });
  return server.messaging.finish(body.messages[0]?.messageId ?? '', {
    outcome: { kind: 'answered', by: 'human' },
    sentAt: Date.UTC(2018, 5, 25, 13, 38, 14, 730),
    doneAt: server.clock.now(),
    mccMnc: '21901',
    voice: CALL,
    ...fields,
  });
}
