import { parseMsisdn, toMsisdn } from '../../../domain/phone.ts';
import { given } from './given.ts';

/** As messages and lookups keep it: digits without plus where it is a number, and anything else as it came. */
export function destinationOf(asked: string): string {
  const number = parseMsisdn(asked);
  return number ? toMsisdn(number) : asked.trim();
}

/** A message's destinations as the engine takes them: a blank id is none. */
export function destinationsOf(
  asked: readonly { readonly to: string; readonly messageId?: string | null }[],
): { to: string; messageId?: string }[] {
  return asked.map(({ to, messageId }) => {
    const id = given(messageId);
    return id === undefined ? { to } : { to, messageId: id };
  });
}
