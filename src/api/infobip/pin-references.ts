import { parseEmail } from '../../domain/email.ts';
import { parseMsisdn } from '../../domain/phone.ts';
import type { SecuritySettings } from '../../domain/profile.ts';
import type {
  Application,
  ApplicationId,
  Destination,
  E164,
  MessageId,
  PinId,
  PinRecord,
} from '../../domain/types.ts';
import { fieldError, ServiceError } from '../../errors.ts';
import type { Store } from '../../store/store.ts';
import { requireApplication } from './context.ts';
import { DISABLED_APPLICATION, UNKNOWN_REFERENCE } from './decisions.ts';

/** What the bodies and paths of sends point to, checked alike for every channel. */

/**
 * The application and template that a send names; `get` knows the templates of its channel.
 * @throws ServiceError badRequest, naming the field: send lists no 404 (2.7); forbidden
 */
export async function sendReferences<Kind>(
  store: Pick<Store, 'getApplication'>,
  body: { readonly applicationId: string; readonly messageId: string },
  get: (applicationId: ApplicationId, id: MessageId) => Promise<Kind | undefined>,
): Promise<{ application: Application; template: Kind }> {
  const application = await store.getApplication(body.applicationId as ApplicationId);
  if (!application) throw fieldError('applicationId', UNKNOWN_REFERENCE.applicationId);
  const template = await get(application.applicationId, body.messageId as MessageId);
  if (!template) throw fieldError('messageId', UNKNOWN_REFERENCE.messageId);
  assertEnabled(application);
  return { application, template };
}

/** The PIN that a resend names, of an application that is switched on. @throws ServiceError notFound, forbidden */
export async function resendReference(store: Store, pinId: string): Promise<PinRecord> {
  const pin = await store.getPin(pinId as PinId);
  if (!pin) throw new ServiceError('notFound');
  assertEnabled(await requireApplication(store, pin.applicationId));
  return pin;
}

/** @throws ServiceError badRequest, naming the field */
export function requireNumber(field: string, text: string, security: SecuritySettings): E164 {
  const to = parseMsisdn(text, security.numbers);
  if (!to) throw fieldError(field, 'must be an international phone number');
  return to;
}

/** A number or an address. @throws ServiceError badRequest, naming the field */
export function requireDestination(field: string, text: string, security: SecuritySettings): Destination {
  if (!text.includes('@')) return requireNumber(field, text, security);
  const to = parseEmail(text);
  if (!to) throw fieldError(field, 'must be an international phone number or an e-mail address');
  return to;
}

/** The 32 hex digits of our reference, in the form of Infobip's example of an `externalMessageId`. */
export function uuidOf(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function assertEnabled(application: Application): void {
  if (application.enabled) return;
  throw new ServiceError(DISABLED_APPLICATION, { fields: { applicationId: ['application is disabled'] } });
}
