import type { z } from 'zod';

import { toMsisdn } from '../../domain/phone.ts';
import type { SentPin, SentText } from '../../delivery/delivery.ts';
import { errorAnswers } from '../openapi.ts';
import { SEND, TAG, type InfobipApp, type InfobipDeps } from './context.ts';
import { CALL_STATUS, NC_STATUS, SMS_STATUS } from './decisions.ts';
import { requireNumber, resendReference, sendReferences, uuidOf } from './pin-references.ts';
import { pinParams, resendRequest, sendAnswer, sendQuery, sendRequest } from './schemas.ts';

/** Sending PINs to phones, by SMS and by voice: infobip-api.md 2.6. */
export function pinRoutes(app: InfobipApp, deps: InfobipDeps): void {
  const { store, delivery, security, recent = store } = deps;
  const config = { scopes: SEND };

  app.route({
    method: 'POST',
    url: '/2fa/2/pin',
    config,
    schema: {
      tags: [TAG],
      operationId: 'sendTfaPinCodeOverSms',
      summary: 'Send a PIN by SMS',
      querystring: sendQuery,
      body: sendRequest,
      response: { 200: sendAnswer, ...errorAnswers(400, 401, 403, 429, 500, 503) },
    },
    handler: async request => {
      const { ncNeeded } = request.query;
      const sent = await delivery.sendText({ ...(await sendOf(request.body)), lookUp: isNeeded(ncNeeded) });
      return textView(sent, request.body.trackDelivery);
    },
  });

  app.route({
    method: 'POST',
    url: '/2fa/2/pin/:pinId/resend',
    config,
    schema: {
      tags: [TAG],
      operationId: 'resendTfaPinCodeOverSms',
      summary: 'Send the same PIN again by SMS',
      params: pinParams,
      body: resendRequest.nullish(),
      response: { 200: sendAnswer, ...errorAnswers(400, 401, 403, 404, 429, 500, 503) },
    },
    handler: async request => {
      const { pinId } = await resendReference(store, request.params.pinId);
      const { placeholders, trackDelivery } = request.body ?? {};
      return textView(await delivery.resendText({ pinId, placeholders: placeholders ?? {} }), trackDelivery);
    },
  });

  app.route({
    method: 'POST',
    url: '/2fa/2/pin/voice',
    config,
    schema: {
      tags: [TAG],
      operationId: 'sendTfaPinCodeOverVoice',
      summary: 'Send a PIN by a voice call',
      body: sendRequest,
      response: { 200: sendAnswer, ...errorAnswers(400, 401, 403, 429, 500, 503) },
    },
    handler: async request => {
      const sent = await delivery.sendPin(await sendOf(request.body));
      return callView(sent, request.body.trackDelivery);
    },
  });

  app.route({
    method: 'POST',
    url: '/2fa/2/pin/:pinId/resend/voice',
    config,
    schema: {
      tags: [TAG],
      operationId: 'resendTfaPinCodeOverVoice',
      summary: 'Send the same PIN again by a voice call',
      params: pinParams,
      body: resendRequest.nullish(),
      response: { 200: sendAnswer, ...errorAnswers(400, 401, 403, 404, 429, 500, 503) },
    },
    handler: async request => {
      const { pinId } = await resendReference(store, request.params.pinId);
      const { placeholders, trackDelivery } = request.body ?? {};
      return callView(await delivery.resendPin({ pinId, placeholders: placeholders ?? {} }), trackDelivery);
    },
  });

  async function sendOf(body: z.output<typeof sendRequest>) {
    const to = requireNumber('to', body.to, security);
    const { application, template } = await sendReferences(recent, body, (applicationId, id) =>
      recent.getTemplate(applicationId, id),
    );
    const from = body.from?.trim() || undefined;
    return { application, template, to, from, placeholders: body.placeholders ?? {} };
  }
}

function callView(sent: SentPin, trackDelivery: boolean | null | undefined): z.output<typeof sendAnswer> {
  const view = { pinId: sent.pinId, to: toMsisdn(sent.to), callStatus: CALL_STATUS };
  return trackDelivery ? { ...view, externalMessageId: uuidOf(sent.callRef) } : view;
}

function textView(sent: SentText, trackDelivery: boolean | null | undefined): z.output<typeof sendAnswer> {
  return {
    pinId: sent.pinId,
    to: toMsisdn(sent.to),
    ...(sent.reachable && { ncStatus: NC_STATUS[sent.reachable] }),
    ...(sent.calling && { callStatus: CALL_STATUS }),
    smsStatus: sent.sent ? SMS_STATUS.sent : SMS_STATUS.notSent,
    ...(trackDelivery && { externalMessageId: uuidOf(sent.ref) }),
  };
}

/** infobip-api.md 0.5: whatever is neither true nor false is the default. */
function isNeeded(ncNeeded: string | readonly string[] | undefined): boolean {
  const last = typeof ncNeeded === 'string' ? ncNeeded : ncNeeded?.at(-1);
  return last?.trim().toLowerCase() !== 'false';
}
