import { effectivePin, effectiveSettings, type SecuritySettings } from '../domain/profile.ts';
import type { PinMaterial } from '../domain/pin.ts';
import type { Application, Destination, EmailTemplate, Template } from '../domain/types.ts';
import { ServiceError } from '../errors.ts';
import type { CreatePin } from '../store/store.ts';
import type { SendGate, SendQuestion } from './verifications.ts';

/** A PIN as it is to be committed, whichever way it goes. */
export function newPin(
  request: {
    readonly material: PinMaterial;
    readonly application: Application;
    readonly template: Template | EmailTemplate;
    readonly to: Destination;
  },
  { security }: { readonly security: SecuritySettings },
): CreatePin['pin'] {
  const { material, application, template, to } = request;
  const settings = effectiveSettings(application, security);
  return {
    ...material,
    applicationId: application.applicationId,
    messageId: template.messageId,
    to,
    ...effectivePin(template, security),
    expiresInMs: settings.ttlMs,
    attemptsAllowed: settings.attempts,
    allowMultiple: settings.allowMultiple,
  };
}

/** Asks the operator's hook, where there is one. @throws ServiceError denied */
export async function admit(gate: SendGate | undefined, question: SendQuestion): Promise<void> {
  const answer = await gate?.ask(question);
  if (answer?.allow === false) throw new ServiceError('denied', { reason: answer.reason });
}
