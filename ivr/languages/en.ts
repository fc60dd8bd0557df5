import { row, type Language } from './language.ts';

/** The ICAO alphabet. */
export const en: Language = {
  digits: row('zero, one, two, three, four, five, six, seven, eight, nine'),
  letters: row(
    'ay, bee, see, dee, ee, eff, jee, aitch, eye, jay, kay, ell, em, en, oh, pee, cue, are, ess, tee, you, vee, double you, ex, why, zee',
  ),
  alphabet: row(
    'Alpha, Bravo, Charlie, Delta, Echo, Foxtrot, Golf, Hotel, India, Juliet, Kilo, Lima, Mike, November, Oscar, Papa, Quebec, Romeo, Sierra, Tango, Uniform, Victor, Whiskey, X-ray, Yankee, Zulu',
  ),
  asIn: '{letter} as in {word}',
  gateOne: 'To hear your code, press {1}.',
  gateTwo: 'To hear your code, press {1}, then {2}.',
  gateAny: 'To hear your code, press any key.',
  goodbye: 'Goodbye.',
};
