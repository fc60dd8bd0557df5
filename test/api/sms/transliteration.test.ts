import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { countSegments } from '../../../src/api/infobip/sms/text/segments.ts';
import {
  transliterate,
  TRANSLITERATIONS,
  type Transliteration,
} from '../../../src/api/infobip/sms/text/transliteration.ts';

describe('transliteration', () => {
  it.each([
    ['NONE', 'Çığ “ж”', 'Çığ “ж”'],
    [
      'TURKISH',
      'Artık Ulusal Dil Tanımlayıcısı ile Türkçe karakterli smslerinizi rahatlıkla iletebilirsiniz.',
      'Artik Ulusal Dil Tanimlayicisi ile Turkce karakterli smslerinizi rahatlikla iletebilirsiniz.',
    ],
    ['TURKISH', 'İSTANBUL Şişli ĞÜÖÇ', 'ISTANBUL Sisli GUOC'],
    ['GREEK', 'Καλημέρα κόσμε', 'KAΛHMEPA KOΣME'],
    ['GREEK', 'Ο κωδικός σας είναι 1234', 'O KΩΔIKOΣ ΣAΣ EINAI 1234'],
    ['CYRILLIC', 'Ваш код: Щука, Юля, подъезд', 'Vash kod: Shchuka, Yulya, podezd'],
    ['CYRILLIC', 'Київ, Їжак, ґанок, Єва', 'Kiiv, Izhak, ganok, Ieva'],
    [
      'SERBIAN_CYRILLIC',
      'Ђорђе, љубав, Његош, џеп, ћуп, час, жут, шах',
      'Djordje, ljubav, Njegos, dzep, cup, cas, zut, sah',
    ],
    ['BULGARIAN_CYRILLIC', 'Щъркел, ябълка, София, хляб', 'Shtarkel, yabalka, Sofiya, hlyab'],
    [
      'CENTRAL_EUROPEAN',
      'Příliš žluťoučký kůň; Łódź; Gdańsk; őrült; Đurđa',
      'Prilis zlutoucky kun; Lodz; Gdansk; orült; Durda',
    ],
    ['CENTRAL_EUROPEAN', 'café Müller', 'café Müller'],
    ['BALTIC', 'Ąžuolas šūkį ģimene ļoti Õhtu', 'Azuolas suki gimene loti Ohtu'],
    ['PORTUGUESE', 'ação não à três é', 'acao nao à tres é'],
    ['COLOMBIAN', 'Bogotá está aquí, año', 'Bogota esta aqui, año'],
    ['ALL', 'Київ и Zürich, Łódź – ção… 😀', 'Kiiv i Zürich, Lodz - cao... 😀'],
    ['NON_UNICODE', '“Київ” 日本 😀 ọ ﬁ № ½', '"Kiiv" ?? ? o fi No ?'],
    // A letter and its mark apart count as one letter.
    ['CENTRAL_EUROPEAN', 'c\u030c', 'c'],
  ] as [Transliteration, string, string][])('%s: %j becomes %j', (to, text, expected) => {
    expect(transliterate(text, to)).toBe(expected);
  });

  it('NON_UNICODE leaves nothing that needs UCS-2, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), text => {
        expect(countSegments(transliterate(text, 'NON_UNICODE')).encoding).toBe('GSM-7');
      }),
      { numRuns: 200, seed: 20_261_121 },
    );
  });

  it('changes no text of the GSM alphabet but its own language’s letters, and nothing twice', () => {
    const gsm = '@£$ abc XYZ 0189 èéùì ñäöß€[]{}^~|\\ÆØåÅ';
    for (const to of TRANSLITERATIONS) {
      if (to !== 'TURKISH') expect(transliterate(gsm, to), to).toBe(gsm);
      for (const text of ['Καλημέρα', 'Щука', 'Łódź', 'ação', 'İstanbul']) {
        const once = transliterate(text, to);
        expect(transliterate(once, to), `${to} ${text}`).toBe(once);
      }
    }
  });
});
