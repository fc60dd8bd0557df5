import { row, type Language } from './language.ts';

/** The first names that people know, not the towns of DIN 5009:2022. */
export const de: Language = {
  digits: row('null, eins, zwei, drei, vier, fünf, sechs, sieben, acht, neun'),
  letters: row(
    'ah, beh, zeh, deh, eh, eff, geh, hah, ih, jott, kah, ell, emm, enn, oh, peh, kuh, err, ess, teh, uh, vau, weh, ix, ypsilon, zett',
  ),
  alphabet: row(
    'Anton, Berta, Cäsar, Dora, Emil, Friedrich, Gustav, Heinrich, Ida, Julius, Kaufmann, Ludwig, Martha, Nordpol, Otto, Paula, Quelle, Richard, Samuel, Theodor, Ulrich, Viktor, Wilhelm, Xanthippe, Ypsilon, Zacharias',
  ),
  asIn: '{letter} wie {word}',
  gateOne: 'Um Ihren Code zu hören, drücken Sie die {1}.',
  gateTwo: 'Um Ihren Code zu hören, drücken Sie die {1} und danach die {2}.',
  gateAny: 'Um Ihren Code zu hören, drücken Sie eine beliebige Taste.',
  goodbye: 'Auf Wiederhören.',
};
