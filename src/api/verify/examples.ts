/** Shown at /docs and in docs/VERIFY-API.md, and matched by the tests. */

export const plan = {
  steps: [
    { channel: 'sms', next: { onFailure: true, noReportAfterSeconds: 30, notVerifiedAfterSeconds: 90 } },
    { channel: 'voice' },
  ],
};

export const createRequest = {
  to: '+41793026727',
  text: '{{pin}} is your code for {{shop}}.',
  language: 'en',
  placeholders: { shop: 'Velo Shop' },
  pinLength: 6,
  plan,
};

export const templateRequest = {
  to: '+41793026727',
  applicationId: '19F2491982980DBC2C40E1597FD175AB',
  template: 'B628A31410306DDB2BFB0D9CF1F3A3FF',
  channel: 'voice',
};

export const nextRequest = { channel: 'voice' };

export const checkRequest = { pin: '159847' };

const id = '9C817C6F8AF3D48F9FE553282AFA2B67';

/** The text was not delivered, the phone rang, the code was heard and typed in. */
export const verification = {
  id,
  applicationId: '00000000000000000000000000000000',
  to: '+41793026727',
  state: 'verified',
  channel: 'voice',
  createdAt: '2026-11-21T09:00:00.000Z',
  expiresAt: '2026-11-21T09:15:00.000Z',
  verifiedAt: '2026-11-21T09:00:41.350Z',
  attemptsLeft: 0,
  undeliverable: false,
  plan,
  timeline: [
    {
      at: '2026-11-21T09:00:00.000Z',
      step: 0,
      channel: 'sms',
      carrier: 'acme',
      trigger: 'first',
      state: 'undelivered',
      endedAt: '2026-11-21T09:00:04.120Z',
      reason: 'undelivered',
      carrierReason: '30003',
    },
    {
      at: '2026-11-21T09:00:04.140Z',
      step: 1,
      channel: 'voice',
      carrier: 'acme',
      trigger: 'failure',
      state: 'delivered',
      answeredAt: '2026-11-21T09:00:11.800Z',
      endedAt: '2026-11-21T09:00:29.000Z',
      reason: 'hangup',
      carrierReason: 'completed',
      codeHeard: 'full',
      gate: 'none',
      answeredBy: 'human',
      repeats: 1,
    },
  ],
};

/** A landline: no text was tried. */
export const pending = {
  id,
  applicationId: '00000000000000000000000000000000',
  to: '+41446681800',
  state: 'pending',
  channel: 'voice',
  createdAt: '2026-11-21T09:00:00.000Z',
  expiresAt: '2026-11-21T09:15:00.000Z',
  attemptsLeft: 10,
  nextVoiceAllowedAt: '2026-11-21T09:00:00.000Z',
  undeliverable: false,
  plan: { steps: [{ channel: 'sms' }, { channel: 'voice' }] },
  timeline: [
    {
      at: '2026-11-21T09:00:00.000Z',
      step: 0,
      channel: 'sms',
      state: 'skipped',
      reason: 'number-type',
      detail: 'fixed-line',
    },
    {
      at: '2026-11-21T09:00:00.000Z',
      step: 1,
      channel: 'voice',
      carrier: 'acme',
      trigger: 'first',
      state: 'ringing',
    },
  ],
};

export const list = { verifications: [pending], nextCursor: '1795251600000.42' };

export const right = {
  id,
  verified: true,
  state: 'verified',
  attemptsLeft: 0,
  expiresAt: '2026-11-21T09:15:00.000Z',
  verifiedAt: '2026-11-21T09:00:41.350Z',
};

export const wrong = {
  id,
  verified: false,
  state: 'pending',
  attemptsLeft: 9,
  expiresAt: '2026-11-21T09:15:00.000Z',
  reason: 'wrong',
};
