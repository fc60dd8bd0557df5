/** Shown at /docs, and matched by the tests. */

const verificationId = '9C817C6F8AF3D48F9FE553282AFA2B67';
const applicationId = '0933F3BC087D2A617AC6DCB2EF5B8A61';
const to = '+41793026727';

export const event = {
  id: 'evt_9d41f1f8b7c3a02e5d6c7b8a90f1e2d3',
  type: 'delivery.delivered',
  timestamp: '2026-11-21T09:00:31.250Z',
  data: {
    verificationId,
    applicationId,
    to,
    deliveryId: '9e8d7c6b5a4938271605f4e3d2c1b0a9',
    channel: 'voice',
    carrier: 'twilio',
    from: '+41445556677',
    reason: 'completed',
    carrierReason: 'completed',
    answeredAt: '2026-11-21T09:00:11.000Z',
    codeHeard: 'full',
    repeats: 1,
    gate: 'passed',
    answeredBy: 'human',
  },
};

export const verified = {
  id: 'evt_90b2a7c15d3f4e6890a1b2c3d4e5f607',
  type: 'verification.verified',
  timestamp: '2026-11-21T09:00:40.118Z',
  data: { verificationId, applicationId, to },
};

export const eventList = { events: [event, verified], nextCursor: '1795251640118.42' };

export const webhookRequest = {
  url: 'https://shop.example.com/hooks/saypin',
  secondaryUrl: 'https://standby.example.com/hooks/saypin',
  types: ['verification.verified', 'delivery.failed'],
  applicationId,
  description: 'orders',
};

export const webhookChange = { enabled: false };

export const webhook = {
  id: 'wh_5f0c9a1be2d475863f0c9a1be2d47586',
  ...webhookRequest,
  enabled: true,
  createdAt: '2026-11-21T08:00:00.000Z',
  updatedAt: '2026-11-21T08:00:00.000Z',
};

export const goneWebhook = { ...webhook, enabled: false, disabledReason: 'gone' };

export const newWebhook = { ...webhook, secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAAAAAAAAA=' };

export const rotateRequest = { overlapSeconds: 86_400 };

export const rotated = {
  ...newWebhook,
  previousSecretUntil: '2026-11-22T09:00:00.000Z',
};

export const testAnswer = {
  event: {
    id: 'evt_00112233445566778899aabbccddeeff',
    type: 'webhook.test',
    timestamp: '2026-11-21T09:00:00.000Z',
    data: { webhookId: webhook.id },
  },
  answers: [
    { which: 'url', accepted: true, durationMs: 84, status: 200, body: 'ok' },
    { which: 'secondaryUrl', accepted: false, durationMs: 3, error: 'connect: ECONNREFUSED' },
  ],
};

export const replayRequest = { webhookId: webhook.id };
export const rangeRequest = {
  since: '2026-11-21T08:00:00Z',
  until: '2026-11-21T09:00:00Z',
  types: ['verification.verified'],
};
export const replayAnswer = { count: 17 };
