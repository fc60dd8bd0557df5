import type { CallRequest } from './call-request.ts';

/** Of a range that is set aside for tests by Twilio, and belongs to nobody. */
const TEST_CALLER = '+15005550006';
const RING_MS = 30_000;
const LIMIT_MS = 120_000;
const SCRIPT = `<Response><Pause length="1"/><Say>Hello. This is a test call from the simulator. Your phone works.</Say>
<Pause length="1"/><Say>Press a few keys, and watch them appear.</Say><Pause length="8"/><Say>Goodbye.</Say></Response>`;

/** A call of the carrier's own, with no customer behind it: for somebody who wants to hear a phone ring. */
export function testCall(to: string): CallRequest {
  return {
    to,
    from: TEST_CALLER,
    url: undefined,
    method: 'POST',
    twiml: SCRIPT,
    fallback: undefined,
    statusCallback: undefined,
    ringTimeoutMs: RING_MS,
    timeLimitMs: LIMIT_MS,
    sendDigits: '',
    detection: undefined,
  };
}
