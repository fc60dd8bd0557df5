import { expect } from 'vitest';

import { eventually, type Service } from './service.ts';

/** Steps that most end-to-end tests share; all of them over the wire. */

export interface SentPin {
  pinId: string;
  to: string;
  callStatus: string;
}

/** What the simulator says of a call; see sip-sim/README.md. */
export interface SimCall {
  id: string;
  state: string;
  outcome: string | null;
  keysPressed: string;
  secondsHeard: number;
}

export async function createApplication(
  service: Service,
  configuration: Record<string, unknown> = {},
): Promise<string> {
  const answer = await service.api<{ applicationId: string }>('POST', '/2fa/2/applications', {
    name: 'e2e',
    configuration: {
      pinAttempts: 5,
      allowMultiplePinVerifications: false,
      pinTimeToLive: '10m',
      verifyPinLimit: '1000/1s',
      sendPinPerApplicationLimit: '10000/1d',
      sendPinPerPhoneNumberLimit: '1000/1d',
      ...configuration,
    },
  });
  expect(answer.status).toBe(200);
  return answer.body.applicationId;
}

export async function createTemplate(
  service: Service,
  template: Record<string, unknown> = {},
  configuration: Record<string, unknown> = {},
): Promise<{ applicationId: string; messageId: string }> {
  const applicationId = await createApplication(service, configuration);
  const answer = await service.api<{ messageId: string }>(
    'POST',
    `/2fa/2/applications/${applicationId}/messages`,
    {
      messageText: 'Your code is {{pin}}',
      pinType: 'NUMERIC',
      pinLength: 6,
      language: 'en',
      ...template,
    },
  );
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return { applicationId, messageId: answer.body.messageId };
}

export async function sendVoice(
  service: Service,
  ids: { applicationId: string; messageId: string },
  to: string,
  more: Record<string, unknown> = {},
): Promise<string> {
  const answer = await service.api<SentPin>('POST', '/2fa/2/pin/voice', { ...ids, to, ...more });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body.pinId;
}

/** The phone's latest call, once it is over. */
export async function endedCall(
  service: Service,
  phone: string,
  count = 1,
  timeoutMs = 45_000,
): Promise<SimCall> {
  return await eventually(
    `call ${count} of the phone to end`,
    async () => {
      const { calls } = await service.sim<{ calls: SimCall[] }>('GET', `/phones/${phone}/calls`);
      const over = calls.filter(call => call.state === 'ended');
      return over.length >= count && over.at(-1);
    },
    timeoutMs,
  );
}
