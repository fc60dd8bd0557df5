/** More than Twilio's longest callback has (about 40), few enough to sort without a thought. */
const MAX_FIELDS = 200;

/** A form body in its one canonical spelling: no raw space, control or non-ASCII byte, escapes in capitals. */
const CANONICAL = /^(?:[!-$&-~]|%[0-9A-F]{2})*$/;

/**
 * Decodes `a=1&b=%2B41` into its pairs, in order; undefined when it is not a form in canonical spelling.
 *
 * Twilio signs the decoded fields, so several spellings of one body carry the same signature (`%2b` and `%2B`, a space
 * and `+`, `a&` and `a=`). Only the spelling that Twilio and every usual encoder write is let through: then no byte
 * of a signed body can be changed.
 */
export function decodeForm(raw: Buffer): readonly (readonly [string, string])[] | undefined {
  if (raw.length === 0) return [];
  const text = raw.toString('latin1');
  if (!CANONICAL.test(text)) return undefined;
  const fields = text.split('&');
  if (fields.length > MAX_FIELDS) return undefined;
  const pairs: [string, string][] = [];
  for (const field of fields) {
    const [name, value, ...rest] = field.split('=');
    if (!name || value === undefined || rest.length > 0) return undefined;
    const pair = [decodeComponent(name), decodeComponent(value)] as const;
    if (pair[0] === undefined || pair[1] === undefined) return undefined;
    pairs.push([pair[0], pair[1]]);
  }
  return pairs;
}

function decodeComponent(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined; // escapes that are no UTF-8
  }
}
