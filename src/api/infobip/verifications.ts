import { destinationText } from '../../domain/email.ts';
import { errorAnswers } from '../openapi.ts';
import { requireApplication, SEND, TAG, type InfobipApp, type InfobipDeps } from './context.ts';
import { requireDestination } from './pin-references.ts';
import { applicationParams, verificationsAnswer, verificationsQuery } from './schemas.ts';

/** Looking back at what was sent: infobip-api.md 2.8. */
export function verificationRoutes(app: InfobipApp, { store, security }: InfobipDeps): void {
  app.route({
    method: 'GET',
    url: '/2fa/2/applications/:appId/verifications',
    config: { scopes: SEND },
    schema: {
      tags: [TAG],
      operationId: 'getTfaVerificationStatus',
      summary: 'List what was sent to a number or an address, newest first',
      params: applicationParams,
      querystring: verificationsQuery,
      response: { 200: verificationsAnswer, ...errorAnswers(400, 401, 403, 404, 500, 503) },
    },
    handler: async request => {
      const { applicationId } = await requireApplication(store, request.params.appId);
      const { msisdn, verified, sent } = request.query;
      const rows = await store.listVerifications({
        applicationId,
        to: requireDestination('msisdn', msisdn, security),
        verified: filterOf(verified),
        sent: filterOf(sent),
      });
      return {
        verifications: rows.map(row => ({
          msisdn: destinationText(row.to),
          verified: row.verified,
          verifiedAt: row.verifiedAt,
          sentAt: row.sentAt,
        })),
      };
    },
  });
}

function filterOf(text: string | undefined): boolean | undefined {
  const value = text?.toLowerCase();
  if (value === 'true') return true;
  return value === 'false' ? false : undefined;
}
