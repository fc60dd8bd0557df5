import { SaxesParser } from 'saxes';

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlNode[];
}
export type XmlNode = XmlElement | string;

const MAX_DEPTH = 32;
const MAX_ELEMENTS = 5_000;

/** Parses a whole document, strictly: well-formed XML 1.0 without a DOCTYPE. @throws Error saying what is wrong */
export function parseXml(text: string): XmlElement {
  const parser = new SaxesParser();
  let root: XmlElement | undefined;
  let elements = 0;
  const open: { name: string; attributes: Record<string, string>; children: XmlNode[] }[] = [];
  const addText = (value: string): void => {
    open.at(-1)?.children.push(value);
  };
  parser.on('error', error => {
    throw error;
  });
  parser.on('doctype', () => {
    throw new Error('a DOCTYPE is not allowed');
  });
  parser.on('opentag', tag => {
    if (open.length >= MAX_DEPTH || ++elements > MAX_ELEMENTS)
      throw new Error('too many or too deep elements');
    const element = { name: tag.name, attributes: { ...tag.attributes }, children: [] };
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on('closetag', () => {
    open.pop();
  });
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.write(text).close();
  if (!root) throw new Error('no element');
  return root;
}

export function textOf(node: XmlNode): string {
  return typeof node === 'string' ? node : node.children.map(textOf).join('');
}
