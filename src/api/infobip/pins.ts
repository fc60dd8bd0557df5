import type { z } from 'zod';

import { parseMsisdn, toMsisdn } from '../../domain/phone.ts';
import type { Application, ApplicationId, MessageId, PinId, Template } from '../../domain/types.ts';
import type { SentPin } from '../../delivery/delivery.ts';
import { fieldError, ServiceError } from '../../errors.ts';
import { errorAnswers } from '../openapi.ts';
import { requireApplication, SEND, TAG, type InfobipApp, type InfobipDeps } from './context.ts';
import { CALL_STATUS, DISABLED_APPLICATION, UNKNOWN_REFERENCE } from './decisions.ts';
import {
  applicationParams,
  pinParams,
  resendRequest,
  sendAnswer,
  sendRequest,
  verificationsAnswer,
  verificationsQuery,
} from './schemas.ts';

/** Sending PINs by voice and looking back at them: infobip-api.md 2.6 and 2.8. */
export function pinRoutes(app: InfobipApp, deps: InfobipDeps): void {
  const { store, delivery, security } = deps;
  const config = { scopes: SEND };

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
      const { body } = request;
      const to = parseMsisdn(body.to, security.numbers);
      if (!to) throw fieldError('to', 'must be an international phone number');
      const { application, template } = await references(body);
      assertEnabled(application);
      const sent = await delivery.sendPin({
        application,
        template,
        to,
        from: body.from?.trim() || undefined,
        placeholders: body.placeholders ?? {},
      });
      return sentView(sent, body.trackDelivery);
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
      const pin = await store.getPin(request.params.pinId as PinId);
      if (!pin) throw new ServiceError('notFound');
      assertEnabled(await requireApplication(store, pin.applicationId));
      const { placeholders, trackDelivery } = request.body ?? {};
      const sent = await delivery.resendPin({ pinId: pin.pinId, placeholders: placeholders ?? {} });
      return sentView(sent, trackDelivery);
    },
  });

  app.route({
    method: 'GET',
    url: '/2fa/2/applications/:appId/verifications',
    config,
    schema: {
      tags: [TAG],
      operationId: 'getTfaVerificationStatus',
      summary: 'List what was sent to a number, newest first',
      params: applicationParams,
      querystring: verificationsQuery,
      response: { 200: verificationsAnswer, ...errorAnswers(400, 401, 403, 404, 500, 503) },
    },
    handler: async request => {
      const { applicationId } = await requireApplication(store, request.params.appId);
      const { msisdn, verified, sent } = request.query;
      // An address is a valid question (PINs by mail), and nothing was sent to it by voice.
      if (msisdn.includes('@')) return { verifications: [] };
      const to = parseMsisdn(msisdn, security.numbers);
      if (!to) throw fieldError('msisdn', 'must be an international phone number');
      const rows = await store.listVerifications({
        applicationId,
        to,
        verified: filterOf(verified),
        sent: filterOf(sent),
      });
      return {
        verifications: rows.map(row => ({
          msisdn: toMsisdn(row.to),
          verified: row.verified,
          verifiedAt: row.verifiedAt,
          sentAt: row.sentAt,
        })),
      };
    },
  });

  /** @throws ServiceError badRequest, naming the field: send lists no 404 (2.7) */
  async function references(
    body: z.output<typeof sendRequest>,
  ): Promise<{ application: Application; template: Template }> {
    const application = await store.getApplication(body.applicationId as ApplicationId);
    if (!application) throw fieldError('applicationId', UNKNOWN_REFERENCE.applicationId);
    const template = await store.getTemplate(application.applicationId, body.messageId as MessageId);
    if (!template) throw fieldError('messageId', UNKNOWN_REFERENCE.messageId);
    return { application, template };
  }
}

function assertEnabled(application: Application): void {
  if (application.enabled) return;
  throw new ServiceError(DISABLED_APPLICATION, { fields: { applicationId: ['application is disabled'] } });
}

function sentView(sent: SentPin, trackDelivery: boolean | null | undefined): z.output<typeof sendAnswer> {
  const view = { pinId: sent.pinId, to: toMsisdn(sent.to), callStatus: CALL_STATUS };
  return trackDelivery ? { ...view, externalMessageId: uuidOf(sent.delivery.callRef) } : view;
}

/** The 32 hex digits of our reference, in the form of Infobip's example. */
function uuidOf(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function filterOf(text: string | undefined): boolean | undefined {
  const value = text?.toLowerCase();
  if (value === 'true') return true;
  return value === 'false' ? false : undefined;
}
