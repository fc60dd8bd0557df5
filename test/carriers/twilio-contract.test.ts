import { randomBytes } from 'node:crypto';

import { carrierContract, type WebhookSample } from '../contract/carrier-contract.ts';
import { createTwilioCarrier, twilioConfig } from '../../src/carriers/twilio/index.ts';
import { createLogger } from '../../src/log.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { errorBody, ScriptedTwilio, TwilioMediaPeer } from '../support/scripted-twilio.ts';

const STATUS: Readonly<Record<Exclude<WebhookSample, object>, Record<string, string>>> = {
  initiated: { CallStatus: 'initiated', SequenceNumber: '0' },
  ringing: { CallStatus: 'ringing', SequenceNumber: '1' },
  answered: { CallStatus: 'in-progress', SequenceNumber: '2' },
  completed: { CallStatus: 'completed', SequenceNumber: '3', CallDuration: '12', SipResponseCode: '200' },
  busy: { CallStatus: 'busy', SipResponseCode: '486' },
  'no-answer': { CallStatus: 'no-answer', SipResponseCode: '487' },
  rejected: { CallStatus: 'busy', SipResponseCode: '603' },
  canceled: { CallStatus: 'canceled' },
  failed: { CallStatus: 'failed', SipResponseCode: '404' },
  human: { AnsweredBy: 'human', MachineDetectionDuration: '2300' },
  machine: { AnsweredBy: 'machine_start', MachineDetectionDuration: '3100' },
  'machine-greeting-ended': { AnsweredBy: 'machine_end_beep', MachineDetectionDuration: '9000' },
};

carrierContract('Twilio', async () => {
  const scripted = await ScriptedTwilio.start();
  const clock = new FakeClock();
  const log = createLogger('silent');
  const apiKeySecret = 'the-api-key-secret';
  const carrierAt = (baseUrl: string) =>
    createTwilioCarrier(
      twilioConfig.parse({
        type: 'twilio',
        accountSid: scripted.accountSid,
        authToken: scripted.authToken,
        apiKeySid: `SK${'d'.repeat(32)}`,
        apiKeySecret,
        mode: 'media',
        baseUrl,
        from: '+15005550006',
      }),
      { fetch, log, clock },
    );
  const url = 'https://pin.example.com/carrier-webhooks/twilio/0123456789abcdef0123456789abcdef/status';

  return {
    carrier: carrierAt(scripted.url),
    carrierAt,
    clock,
    requestTimeoutMs: 10_000,
    secrets: [scripted.authToken, apiKeySecret],
    api: {
      next(fault) {
        if (fault === 'garbage') scripted.next({ status: 201, body: '<html>' });
        else if (fault === 'redirect')
          scripted.next({ status: 307, headers: { location: `${scripted.url}/elsewhere` } });
        else if (typeof fault === 'string') scripted.next(fault);
        // Twilio's own texts repeat the number.
        else
          scripted.next({
            ...fault,
            body: errorBody(21211, fault.status, "'To' number +41793026727 is invalid"),
          });
      },
      lastPlaced() {
        const { form } = scripted.requests.findLast(request => request.path.endsWith('/Calls.json'))!;
        const machine = form.get('MachineDetection');
        return {
          to: form.get('To') ?? '',
          from: form.get('From') ?? '',
          answerUrl: form.get('Url') ?? '',
          statusUrl: form.get('StatusCallback') ?? '',
          // Without detection Twilio is not told where to report it.
          machineUrl:
            form.get('AsyncAmdStatusCallback') ??
            (machine ? '' : url.replace('/twilio/', '/x/').replace('status', 'machine')),
          ringTimeoutSeconds: Number(form.get('Timeout')),
          maxDurationSeconds: Number(form.get('TimeLimit')),
          machineDetection: machine
            ? ({ Enable: 'hangup', DetectMessageEnd: 'continue' } as const)[machine]!
            : 'off',
        };
      },
      get requestCount() {
        return scripted.requests.length;
      },
      get ended() {
        return [...scripted.calls].filter(([, status]) => status === 'completed').map(([sid]) => sid);
      },
    },
    webhook: (sample, CallSid) => {
      const common = { AccountSid: scripted.accountSid, CallSid, From: '+15005550006', To: '+41793026727' };
      const fields =
        typeof sample === 'string' ? STATUS[sample] : { CallStatus: 'in-progress', Digits: sample.digits };
      return scripted.webhook(url, { ...common, ...fields });
    },
    upgrade: mediaUrl => scripted.upgrade(mediaUrl),
    unknownCallId: () => `CA${randomBytes(16).toString('hex')}`,
    mediaPeer: socket => new TwilioMediaPeer(socket),
    close: async () => await scripted.close(),
  };
});
