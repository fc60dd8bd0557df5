import { createHmac } from 'node:crypto';

/**
 * `X-Twilio-Signature` (carrier-protocols.md 1.5): HMAC-SHA1 over the URL followed by the form's parameters sorted by
 * name, name and value joined; repeated values are de-duplicated and sorted. GET requests and socket upgrades sign
 * the URL alone.
 */
export function signature(authToken: string, url: string, form?: URLSearchParams): string {
  let text = url;
  const names = [...new Set(form?.keys())].toSorted();
  for (const name of names) {
    for (const value of [...new Set(form?.getAll(name))].toSorted()) text += name + value;
  }
  return createHmac('sha1', authToken).update(text, 'utf8').digest('base64');
}
