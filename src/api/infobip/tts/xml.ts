/** Data as XML 1.0: objects become elements, each entry of an array an element of the same name, null nothing at all. */

type Value = string | number | boolean | null | undefined | Fields | readonly Value[];
interface Fields {
  readonly [name: string]: Value;
}

/** Names of fields must be names of elements; values may be anything. */
export function xmlDocument(root: string, fields: Fields): string {
  return `<?xml version="1.0" encoding="UTF-8"?>${element(root, fields)}`;
}

function element(name: string, value: Value): string {
  if (value === null || value === undefined) return '';
  if (isList(value)) return value.map(entry => element(name, entry)).join('');
  if (typeof value === 'object') {
    const inner = Object.entries(value).map(([field, child]) => element(field, child));
    return `<${name}>${inner.join('')}</${name}>`;
  }
  return `<${name}>${escape(String(value))}</${name}>`;
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  // A parser would make a line feed of it.
  '\r': '&#13;',
};

/** What XML 1.0 has no way to say (2.2) becomes U+FFFD. */
function escape(text: string): string {
  return (
    text
      .toWellFormed()
      // eslint-disable-next-line no-control-regex
      .replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '\uFFFD')
      .replaceAll(/[&<>\r]/g, character => ENTITIES[character] ?? character)
  );
}
