import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createEspeakEngine } from '../../src/speech/engines/espeak.ts';
import { createFliteEngine } from '../../src/speech/engines/flite.ts';
import { canonicalLanguage, chooseVoice } from '../../src/speech/voices.ts';

const program = { kind: 'program', path: '/usr/bin/espeak-ng' } as const;
const english = createFliteEngine({ clock: systemClock }).voices();
const all = [...english, ...createEspeakEngine({ clock: systemClock, source: program }).voices()];

const LANGUAGES_2FA = 'en es ca da nl fr de it ja ko no pl ru sv fi hr sl ro pt_pt pt_br zh_cn zh_tw'.split(
  ' ',
);

describe('choosing a voice', () => {
  test.each(LANGUAGES_2FA)('%s has a default that speaks without a fallback', language => {
    const { voice, fallback } = chooseVoice(all, { language });
    expect(voice).toMatchObject({ language, isDefault: true });
    expect(fallback).toBeUndefined();
  });

  test.each(LANGUAGES_2FA)('%s has exactly one default', language => {
    expect(all.filter(voice => voice.language === language && voice.isDefault)).toHaveLength(1);
  });

  test.each([
    ['en', 'Joanna', 'awb-f'],
    ['en', 'Matthew', 'rms'],
    ['en', 'Brian', 'awb'],
    ['en', 'Polly.Joanna-Neural', 'awb-f'],
    ['en', 'amy', 'awb-f'],
    ['de', 'Hans', 'espeak-de'],
    ['de', 'Vicki', 'espeak-de-female'],
    ['fr', 'Céline', 'espeak-fr-female'],
    ['ja', 'Takumi', 'espeak-ja'],
    ['pt_br', 'Camila', 'espeak-pt_br-female'],
    ['zh_cn', 'Zhiyu', 'espeak-zh_cn-female'],
  ])('%s %s is played by %s, and that is said', (language, voiceName, name) => {
    const choice = chooseVoice(all, { language, voiceName });
    expect(choice.voice.name).toBe(name);
    expect(choice.fallback).toContain('is not installed');
    expect(choice.fallback).toContain(name);
  });

  test.each(['rms', 'AWB', 'kal16', 'slt'])('our own %s is taken as it is', voiceName => {
    const choice = chooseVoice(all, { language: 'en', voiceName });
    expect(choice).toEqual({ voice: expect.objectContaining({ name: voiceName.toLowerCase() }) });
  });

  test('a name of another language keeps the gender and speaks the language asked for', () => {
    const choice = chooseVoice(all, { language: 'de', voiceName: 'Joanna' });
    expect(choice.voice.name).toBe('espeak-de-female');
    expect(choice.fallback).toContain('does not speak de');
  });

  test('an unknown name gives the default; what was sent is echoed short and plain', () => {
    const choice = chooseVoice(all, { language: 'es', voiceName: `<b>\n${'x'.repeat(100)}` });
    expect(choice.voice.isDefault).toBe(true);
    expect(choice.fallback).toMatch(/^voice b?x{1,40} is not known for es: espeak-es speaks$/);
  });

  test.each([
    ['male', 'rms'],
    ['female', 'awb-f'],
  ] as const)('gender %s alone', (gender, name) => {
    expect(chooseVoice(all, { language: 'en', gender })).toEqual({
      voice: expect.objectContaining({ name }),
    });
  });

  test('a gender that is not there is told', () => {
    const men = all.filter(voice => voice.gender === 'male');
    const choice = chooseVoice(men, { language: 'it', gender: 'female' });
    expect(choice.voice.name).toBe('espeak-it');
    expect(choice.fallback).toContain('no female voice');
  });

  test('without an engine for it a language is refused', () => {
    expect(() => chooseVoice(english, { language: 'de' })).toThrow(
      expect.objectContaining({ reason: 'unsupported-language' }),
    );
  });
});

test.each([
  ['pt-BR', 'pt_br'],
  ['PT', 'pt_pt'],
  ['en-US', 'en'],
  ['de_AT', 'de'],
  ['zh-Hant-TW', 'zh_tw'],
  ['zh-Hans-CN', 'zh_cn'],
  ['zh', 'zh_cn'],
  ['nb-NO', 'no'],
  ['xx-YY', 'xx'],
])('%s is %s', (code, language) => {
  expect(canonicalLanguage(code)).toBe(language);
});
