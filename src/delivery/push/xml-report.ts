/** Values of a report's JSON form. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

const DEFAULT_ROOT = 'reportResponse';

/**
 * The XML form of a JSON report, for `notifyContentType: application/xml`. Infobip documents no schema [U]; this is the
 * form of the examples in its OpenAPI document: `reportResponse` around the object, an element a field, an array as an
 * element with one child of the same name an entry (`<results><results>`). Fields without a value are left out.
 *
 * Every text is escaped here. @throws Error for a field name that is no XML name: names are ours, never a caller's
 */
export function renderReportXml(report: JsonValue, { root = DEFAULT_ROOT }: { root?: string } = {}): string {
  return `<?xml version="1.0" encoding="UTF-8"?>${element(root, report)}`;
}

function element(name: string, value: JsonValue): string {
  if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) throw new Error('not a name of an XML element');
  if (value === undefined || value === null) return '';
  const content = contentOf(name, value);
  return content === '' ? `<${name}/>` : `<${name}>${content}</${name}>`;
}

function contentOf(name: string, value: NonNullable<JsonValue>): string {
  if (isList(value)) return value.map(entry => element(name, entry)).join('');
  if (typeof value !== 'object') return escapeText(String(value));
  return Object.entries(value)
    .map(([field, inner]) => element(field, inner))
    .join('');
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Everything outside the Char production of XML 1.0 (section 2.2): no escape makes it legal, U+FFFD shows where it was. Lone surrogates too. */
const ILLEGAL = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

function escapeText(text: string): string {
  return text
    .replace(ILLEGAL, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;');
}
