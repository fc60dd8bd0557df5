import type { z } from 'zod';

import { parseEmail, parseMailbox } from '../../domain/email.ts';
import type { SentMail } from '../../delivery/delivery.ts';
import { fieldError } from '../../errors.ts';
import { errorAnswers } from '../openapi.ts';
import { SEND, TAG, type InfobipApp, type InfobipDeps } from './context.ts';
import { EMAIL_STATUS } from './decisions.ts';
import { resendReference, sendReferences } from './pin-references.ts';
import { emailResendRequest, emailSendAnswer, emailSendRequest, pinParams } from './schemas.ts';

/** Sending PINs by e-mail: infobip-api.md 2.6. */
export function emailPinRoutes(app: InfobipApp, deps: InfobipDeps): void {
  const { store, delivery, recent = store } = deps;
  const config = { scopes: SEND };

  app.route({
    method: 'POST',
    url: '/2fa/2/pin/email',
    config,
    schema: {
      tags: [TAG],
      operationId: 'sendTfaPinCodeOverEmail',
      summary: 'Send a PIN by e-mail',
      body: emailSendRequest,
      response: { 200: emailSendAnswer, ...errorAnswers(400, 401, 403, 429, 500, 503) },
    },
    handler: async request => {
      const { body } = request;
      const to = parseEmail(body.to);
      if (!to) throw fieldError('to', 'must be an e-mail address');
      const from = body.from?.trim() ? parseMailbox(body.from) : undefined;
      if (body.from?.trim() && !from)
        throw fieldError('from', 'must be an address, or a name and an address in angle brackets');
      const references = await sendReferences(recent, body, (applicationId, id) =>
        store.getEmailTemplate(applicationId, id),
      );
      const { placeholders } = body;
      const sent = await delivery.sendMail({
        ...references,
        to,
        placeholders: placeholders ?? {},
        ...(from !== undefined && { from }),
      });
      return mailView(sent);
    },
  });

  app.route({
    method: 'POST',
    url: '/2fa/2/pin/:pinId/resend/email',
    config,
    schema: {
      tags: [TAG],
      operationId: 'resendTfaPinCodeOverEmail',
      summary: 'Send the same PIN again by e-mail',
      params: pinParams,
      body: emailResendRequest.nullish(),
      response: { 200: emailSendAnswer, ...errorAnswers(400, 401, 403, 404, 429, 500, 503) },
    },
    handler: async request => {
      const { pinId } = await resendReference(store, request.params.pinId);
      const placeholders = request.body?.placeholders ?? {};
      return mailView(await delivery.resendMail({ pinId, placeholders }));
    },
  });
}

function mailView({ pinId, to }: SentMail): z.output<typeof emailSendAnswer> {
  return { pinId, to, emailStatus: EMAIL_STATUS };
}
