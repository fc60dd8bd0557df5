import type { CallRef, PinId } from '../../domain/types.ts';
import { ServiceError } from '../../errors.ts';
import { problemAnswers } from '../problem.ts';
import { assertEnabled, requireApplication } from './applications.ts';
import { SEND, TAG, type VerifyApp, type VerifyDeps } from './context.ts';
import { sendAnswer, type Once } from './idempotency.ts';
import {
  idempotencyHeaders,
  nextRequest,
  verification,
  verificationParams,
  type VerificationBody,
} from './schemas.ts';
import { verificationBody } from './view.ts';

/** What can be asked of a verification under way: its next step now, or its end. */
export function stepRoutes(app: VerifyApp, deps: VerifyDeps & { once: Once }): void {
  const { verifications, once } = deps;
  const config = { scopes: SEND };

  app.route({
    method: 'POST',
    url: '/v1/verifications/:pinId/next',
    config,
    schema: {
      tags: [TAG],
      operationId: 'nextVerificationStep',
      summary: 'Start the next step now: "call me instead"',
      headers: idempotencyHeaders,
      params: verificationParams,
      body: nextRequest.nullish(),
      response: { 200: verification, ...problemAnswers(400, 401, 403, 404, 409, 429, 500, 503) },
    },
    handler: async (request, reply) => {
      const pinId = idOf(request.params.pinId);
      const { channel } = request.body ?? {};
      const answer = await once(request, {
        subject: verifications.newRef(pinId),
        status: 200,
        run: async (ref: CallRef) => {
          await assertMaySend(pinId);
          const view = await verifications.next({ pinId, ref, ...(channel && { channel }) });
          if (!view) throw new ServiceError('notFound');
          return verificationBody(view);
        },
        finished: async (ref: CallRef): Promise<VerificationBody | undefined> => {
          const view = await verifications.get(pinId);
          const started = view?.run?.entries.some(entry => entry.kind === 'started' && entry.ref === ref);
          return view && started ? verificationBody(view) : undefined;
        },
      });
      return sendAnswer(reply, answer);
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/verifications/:pinId/cancel',
    config,
    schema: {
      tags: [TAG],
      operationId: 'cancelVerification',
      summary: 'End a verification: its PIN is dead, and nothing more is sent',
      headers: idempotencyHeaders,
      params: verificationParams,
      response: { 200: verification, ...problemAnswers(400, 401, 403, 404, 409, 429, 500, 503) },
    },
    handler: async (request, reply) => {
      const pinId = idOf(request.params.pinId);
      const answer = await once(request, {
        subject: verifications.newRef(pinId),
        status: 200,
        run: async () => {
          const view = await verifications.cancel(pinId);
          if (!view) throw new ServiceError('notFound');
          return verificationBody(view);
        },
        finished: async (): Promise<VerificationBody | undefined> => {
          const view = await verifications.get(pinId);
          return view?.state === 'cancelled' ? verificationBody(view) : undefined;
        },
      });
      return sendAnswer(reply, answer);
    },
  });

  /** @throws ServiceError notFound, forbidden */
  async function assertMaySend(pinId: PinId): Promise<void> {
    const pin = await deps.store.getPin(pinId);
    if (!pin) throw new ServiceError('notFound');
    assertEnabled(await requireApplication(deps, pin.applicationId));
  }
}

/** References begin with the shard of their PIN, so it must be one. @throws ServiceError notFound */
function idOf(text: string): PinId {
  if (!/^[0-9A-F]{32}$/.test(text)) throw new ServiceError('notFound');
  return text as PinId;
}
