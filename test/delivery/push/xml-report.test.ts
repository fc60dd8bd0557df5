import * as fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';

import { renderReportXml } from '../../../src/delivery/push/xml-report.ts';

/** Names and texts of a document in order, by an independent parser. */
function parse(xml: string): [name: string, text: string][] {
  const elements: [string, string][] = [];
  const open: number[] = [];
  const parser = new SaxesParser();
  parser.on('error', error => {
    throw error;
  });
  parser.on('opentag', tag => {
    expect(tag.attributes).toEqual({});
    open.push(elements.push([tag.name, '']) - 1);
  });
  parser.on('text', text => {
    const last = elements[open.at(-1) ?? -1];
    if (last) last[1] += text;
  });
  parser.on('closetag', () => void open.pop());
  parser.write(xml).close();
  return elements;
}

describe('a report as XML', () => {
  it('has an element a field, and a child an entry of a list', () => {
    const report = {
      results: [
        {
          messageId: 'a',
          price: { pricePerMessage: 0.01, currency: 'EUR' },
          status: { id: 5, permanent: true },
          voiceCall: { dtmfCodes: '', ivr: null, recordings: [] },
          callbackData: undefined,
        },
        { messageId: 'b' },
      ],
    };
    expect(renderReportXml(report)).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><reportResponse><results>' +
        '<results><messageId>a</messageId><price><pricePerMessage>0.01</pricePerMessage><currency>EUR</currency></price>' +
        '<status><id>5</id><permanent>true</permanent></status>' +
        '<voiceCall><dtmfCodes/><recordings/></voiceCall></results>' +
        '<results><messageId>b</messageId></results></results></reportResponse>',
    );
    expect(renderReportXml({ a: 1 }, { root: 'numberContext' })).toContain(
      '<numberContext><a>1</a></numberContext>',
    );
    expect(renderReportXml({ data: [1, [2]] })).toContain(
      '<data><data>1</data><data><data>2</data></data></data>',
    );
  });

  it('keeps any text, and no text makes an element', () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        unit: fc.constantFrom('<', '>', '&', '"', "'", ']]>', '\r', '\n', '\0', '\ud800', '{{pin}}'),
      }),
    );
    fc.assert(
      fc.property(anyText, anyText, (callbackData, to) => {
        const legal = (text: string) =>
          [...text].map(character => (isLegal(character) ? character : '\uFFFD')).join('');
        expect(parse(renderReportXml({ results: [{ callbackData, to }] }))).toEqual([
          ['reportResponse', ''],
          ['results', ''],
          ['results', ''],
          ['callbackData', legal(callbackData)],
          ['to', legal(to)],
        ]);
      }),
      { numRuns: 1000 },
    );
  });

  it.each(['', 'a b', '1a', 'a>', 'a/', 'ä', '-a', '__proto__ x', 'a:b'])('refuses %j as a name', name => {
    expect(() => renderReportXml({ [name]: 'x' })).toThrow('not a name');
    expect(() => renderReportXml({ list: [{ [name]: 1 }] })).toThrow('not a name');
    expect(() => renderReportXml({}, { root: name })).toThrow('not a name');
  });
});

/** XML 1.0, section 2.2, for one code point. */
function isLegal(character: string): boolean {
  const code = character.codePointAt(0)!;
  if (code < 0x20) return code === 9 || code === 10 || code === 13;
  return !(code >= 0xd800 && code <= 0xdfff) && code !== 0xfffe && code !== 0xffff;
}
