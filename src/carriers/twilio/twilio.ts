import type { Clock } from '../../clock.ts';
import { CarrierError } from '../../errors.ts';
import { type Logger, maskNumber } from '../../log.ts';
import type { CallCarrier, PlaceCall } from '../carrier.ts';
import type { TwilioConfig } from './config.ts';
import { findPlaced } from './find.ts';
import { openTwilioMedia } from './media-stream.ts';
import { codeOf, createTwilioRest, isRecord, refusal } from './rest.ts';
import { verifyTwilioSignature } from './signature.ts';
import { renderTwiml } from './twiml.ts';
import { CALL_SID, parseTwilioWebhook } from './webhook.ts';

/** Longest ring that Twilio takes, and its longest call (4 hours). */
const MAX_RING_SECONDS = 600;
const MAX_CALL_SECONDS = 14_400;
/** "Call is not in-progress": it is over already. */
const CALL_IS_OVER = '21220';

/**
 * Twilio as a call carrier: Calls API out, signed webhooks in, TwiML and media streams (carrier-protocols.md 1).
 * Check `config` with `twilioConfig` first.
 */
export function createTwilioCarrier(
  config: TwilioConfig,
  deps: { fetch: typeof fetch; log: Logger; clock: Clock },
): CallCarrier {
  const { log } = deps;
  const rest = createTwilioRest(config, deps);

  return {
    name: config.name,
    capabilities: { media: config.mode === 'media', script: true, machineDetection: true },

    async placeCall(request, signal) {
      const what = 'create call';
      const form = callForm(request, config.from);
      const reply = await rest.post({ what, path: '/Calls.json', form, ...(signal ? { signal } : {}) });
      if (reply.status !== 200 && reply.status !== 201) throw refusal(what, reply);
      const sid = isRecord(reply.json) ? reply.json['sid'] : undefined;
      if (typeof sid !== 'string' || !CALL_SID.test(sid)) {
        // It may well ring: the first webhook will tell.
        throw new CarrierError('protocol', { message: `twilio: ${what} answered without a call id` });
      }
      log.debug({ carrier: config.name, carrierCallId: sid, to: maskNumber(request.to) }, 'call placed');
      return { carrierCallId: sid };
    },

    async hangup(carrierCallId, signal) {
      const what = 'hang up';
      // It becomes part of a path; an empty one would address the whole list.
      if (!CALL_SID.test(carrierCallId)) {
        throw new CarrierError('protocol', { message: `twilio: ${what} without a call id` });
      }
      const form = new URLSearchParams({ Status: 'completed' });
      const path = `/Calls/${carrierCallId}.json`;
      const reply = await rest.post({ what, path, form, ...(signal ? { signal } : {}) });
      const over = reply.status === 404 || (reply.status === 400 && codeOf(reply.json) === CALL_IS_OVER);
      if (over || (reply.status >= 200 && reply.status < 300)) return;
      throw refusal(what, reply);
    },

    async findCall({ to, from, since }, signal) {
      const wanted = { to, from: callerId(from, config.from), since, ...(signal ? { signal } : {}) };
      return await findPlaced(rest, 'calls', wanted);
    },

    verifyWebhook: request => verifyTwilioSignature(config.authToken, request),
    parseWebhook: parseTwilioWebhook,
    renderScript: steps => ({
      status: 200,
      contentType: 'text/xml; charset=utf-8',
      body: renderTwiml(steps, log),
    }),
    openMedia: socket => openTwilioMedia(socket, { ...deps, maxFramesPerSecond: config.maxFramesPerSecond }),
  };
}

/** The body of `POST Calls.json`; a list repeats its key. */
function callForm(request: PlaceCall, defaultFrom: string): URLSearchParams {
  const form = new URLSearchParams({
    To: request.to,
    From: callerId(request.from, defaultFrom),
    Url: request.answerUrl,
    Method: 'POST',
    StatusCallback: request.statusUrl,
    StatusCallbackMethod: 'POST',
    Timeout: String(seconds(request.ringTimeoutSeconds, MAX_RING_SECONDS)),
    TimeLimit: String(seconds(request.maxDurationSeconds, MAX_CALL_SECONDS)),
  });
  for (const event of ['initiated', 'ringing', 'answered', 'completed'])
    form.append('StatusCallbackEvent', event);
  if (request.machineDetection !== 'off') {
    // `continue` waits for the end of the greeting. Asynchronous: the answer webhook is not held back.
    form.set('MachineDetection', request.machineDetection === 'continue' ? 'DetectMessageEnd' : 'Enable');
    form.set('AsyncAmd', 'true');
    form.set('AsyncAmdStatusCallback', request.machineUrl);
    form.set('AsyncAmdStatusCallbackMethod', 'POST');
  }
  return form;
}

/** A sender name (`Infobip 2FA`) is no caller id. */
function callerId(from: string, defaultFrom: string): string {
  return /^\+[1-9]\d{5,14}$/.test(from) ? from : defaultFrom;
}

function seconds(value: number, max: number): number {
  return Math.min(Math.max(1, Math.ceil(value)), max);
}
