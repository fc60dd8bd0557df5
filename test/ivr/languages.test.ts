import { describe, expect, test } from 'vitest';

import {
  fixedSegments,
  gateUtterances,
  goodbyeUtterances,
  isLanguage,
  language,
  LANGUAGE_CODES,
  languageOf,
  promptUtterances,
  toPlainText,
} from '../../ivr/index.ts';

test("the languages are those of Infobip's 2FA enum", () => {
  expect(LANGUAGE_CODES.join(' ')).toBe(
    'en es ca da nl fr de it ja ko no pl ru sv fi hr sl ro pt_pt pt_br zh_cn zh_tw',
  );
});

test.each([
  ['en', 'en'],
  ['EN-GB', 'en'],
  ['en-gb-wls', 'en'],
  ['pt-br', 'pt_br'],
  ['pt_BR', 'pt_br'],
  ['pt', 'pt_pt'],
  ['pt-AO', 'pt_pt'],
  ['zh-Hant-TW', 'zh_tw'],
  ['zh-hk', 'zh_tw'],
  ['cmn-CN', 'zh_cn'],
  ['nb-NO', 'no'],
  ['de-AT', 'de'],
  [' fr ', 'fr'],
  ['ar', undefined],
  ['', undefined],
  ['english', undefined],
  ['constructor', undefined],
  ['__proto__', undefined],
])('%j is %s', (code, form) => {
  expect(languageOf(code)).toBe(form);
});

const SCRIPTS: Readonly<Record<string, RegExp>> = {
  ja: /^[\p{Script=Hiragana}\p{Script=Katakana}ー]+$/u,
  ko: /^\p{Script=Hangul}+$/u,
  ru: /^[\p{Script=Cyrillic} -]+$/u,
  zh_cn: /^\p{Script=Han}+$/u,
  zh_tw: /^\p{Script=Han}+$/u,
};
const LATIN = /^[\p{Script=Latin} -]+$/u;

describe.each(LANGUAGE_CODES)('%s', code => {
  const table = language(code);

  test('ten digits, twenty-six letters, twenty-six words, in its own script', () => {
    expect([table.digits.length, table.letters.length, table.alphabet.length]).toEqual([10, 26, 26]);
    for (const word of [...table.digits, ...table.letters, ...table.alphabet]) {
      expect(word).toMatch(SCRIPTS[code] ?? LATIN);
    }
  });

  test('no two digits, no two letters and no two words sound the same', () => {
    for (const row of [table.digits, table.letters, table.alphabet]) {
      expect(new Set(row.map(word => word.toLowerCase())).size).toBe(row.length);
    }
  });

  test('zero is a word of its own, not the letter o', () => {
    expect(table.digits[0]).not.toBe(table.letters[14]);
  });

  test('gate prompts name each key once, in order', () => {
    const keys = (asked: string): string[] =>
      gateUtterances(code, asked).flatMap(part => (part.kind === 'characters' ? part.symbols : []));
    expect(keys('4')).toEqual(['4']);
    expect(keys('42')).toEqual(['4', '2']);
    expect(keys('')).toEqual([]);
    for (const asked of ['', '4', '42']) {
      const said = toPlainText(gateUtterances(code, asked), { language: code });
      expect(said).not.toMatch(/[{}]/);
      expect(said.length).toBeGreaterThan(asked.length + 3);
    }
  });

  test('goodbye, and a place for letter and word in the spelling', () => {
    expect(goodbyeUtterances(code)).toHaveLength(1);
    expect(table.asIn).toContain('{letter}');
    expect(table.asIn).toContain('{word}');
    expect(fixedSegments(code, 1).length).toBeGreaterThanOrEqual(13);
  });
});

test('where the alphabet is Latin, its words begin with their letter, but for the few that cannot', () => {
  const foreign = new Set<string>();
  for (const code of LANGUAGE_CODES) {
    if (SCRIPTS[code]) continue;
    language(code).alphabet.forEach((word, index) => {
      const first = word.normalize('NFD')[0]?.toLowerCase();
      if (first !== String.fromCharCode(97 + index)) foreign.add(`${code} ${word}`);
    });
  }
  expect([...foreign].toSorted()).toEqual(['fi Kuu', 'fi Tseta', 'fi Äksä', 'no dobbelt-ve', 'no enkelt-ve']);
});

test('a few words that everybody checks', () => {
  expect(language('de').digits.join(' ')).toBe('null eins zwei drei vier fünf sechs sieben acht neun');
  expect(language('fr').digits[4]).toBe('quatre');
  expect(language('hr').digits[0]).toBe('nula');
  expect(language('sl').digits[0]).toBe('nič');
  expect(language('zh_tw').gateOne).toContain('驗證碼');
  expect(isLanguage('pt_br')).toBe(true);
  expect(isLanguage('pt-br')).toBe(false);
});

describe('prompts', () => {
  const message = [{ kind: 'words', text: 'Hi', transient: false }] as const;

  test('readings are a second apart', () => {
    const said = promptUtterances({ kind: 'message', times: 3 }, { language: 'en', message });
    expect(said.map(part => (part.kind === 'pause' ? part.ms : 'Hi'))).toEqual([
      'Hi',
      1_000,
      'Hi',
      1_000,
      'Hi',
    ]);
  });

  test('gate and goodbye say nothing of the message', () => {
    const gate = promptUtterances({ kind: 'gate', keys: '42' }, { language: 'en', message });
    expect(toPlainText(gate, { language: 'en' })).toBe('To hear your code, press, 4, then, 2,');
    expect(promptUtterances({ kind: 'goodbye' }, { language: 'de', message })).toEqual([
      { kind: 'words', text: 'Auf Wiederhören.', transient: false },
    ]);
  });
});
