import { parseEmail } from '../../domain/email.ts';
import { parseMsisdn } from '../../domain/phone.ts';
import type { ApplicationId, Destination, PinId } from '../../domain/types.ts';
import { fieldError, ServiceError } from '../../errors.ts';
import { problemAnswers } from '../problem.ts';
import { SEND, TAG, type VerifyApp, type VerifyDeps } from './context.ts';
import { listQuery, verification, verificationList, verificationParams } from './schemas.ts';
import { verificationBody } from './view.ts';

const DEFAULT_PAGE = 20;

/** One verification with its timeline, and lists of them. */
export function readRoutes(app: VerifyApp, { verifications }: VerifyDeps): void {
  const config = { scopes: SEND };

  app.route({
    method: 'GET',
    url: '/v1/verifications/:pinId',
    config,
    schema: {
      tags: [TAG],
      operationId: 'getVerification',
      summary: 'Get a verification, with all that was done to deliver it',
      params: verificationParams,
      response: { 200: verification, ...problemAnswers(401, 403, 404, 429, 500, 503) },
    },
    handler: async request => {
      const view = await verifications.get(request.params.pinId as PinId);
      if (!view) throw new ServiceError('notFound');
      return verificationBody(view);
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/verifications',
    config,
    schema: {
      tags: [TAG],
      operationId: 'listVerifications',
      summary: 'List verifications, newest first',
      querystring: listQuery,
      response: { 200: verificationList, ...problemAnswers(400, 401, 403, 429, 500, 503) },
    },
    handler: async request => {
      const { to, applicationId, state, since, until, limit, cursor } = request.query;
      const { views, nextCursor } = await verifications.list({
        limit: limit === undefined ? DEFAULT_PAGE : Number(limit),
        ...(cursor !== undefined && { cursor }),
        ...(to !== undefined && { to: destinationOf(to) }),
        ...(applicationId !== undefined && { applicationId: applicationId as ApplicationId }),
        ...(state !== undefined && { state }),
        ...(since !== undefined && { since: Date.parse(since) }),
        ...(until !== undefined && { until: Date.parse(until) }),
      });
      return {
        verifications: views.map(verificationBody),
        ...(nextCursor !== undefined && { nextCursor }),
      };
    },
  });
}

/** A plus that nobody encoded arrives as a space, which `parseMsisdn` drops. */
function destinationOf(text: string): Destination {
  const to = text.includes('@') ? parseEmail(text) : parseMsisdn(text);
  if (!to) throw fieldError('to', 'must be an international phone number or an e-mail address');
  return to;
}
