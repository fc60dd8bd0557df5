import { row, type Language } from './language.ts';

export const nl: Language = {
  digits: row('nul, één, twee, drie, vier, vijf, zes, zeven, acht, negen'),
  letters: row(
    'aa, bee, cee, dee, ee, ef, gee, haa, ie, jee, kaa, el, em, en, oo, pee, kuu, er, es, tee, uu, vee, wee, iks, ypsilon, zet',
  ),
  alphabet: row(
    'Anton, Bernard, Cornelis, Dirk, Eduard, Ferdinand, Gerard, Hendrik, Izaak, Johan, Karel, Lodewijk, Maria, Nico, Otto, Pieter, Quotiënt, Rudolf, Simon, Theodoor, Utrecht, Victor, Willem, Xantippe, Ypsilon, Zacharias',
  ),
  asIn: '{letter} van {word}',
  gateOne: 'Om uw code te horen, drukt u op {1}.',
  gateTwo: 'Om uw code te horen, drukt u op {1} en daarna op {2}.',
  gateAny: 'Om uw code te horen, drukt u op een willekeurige toets.',
  goodbye: 'Tot ziens.',
};
