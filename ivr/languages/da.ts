import { row, type Language } from './language.ts';

export const da: Language = {
  digits: row('nul, en, to, tre, fire, fem, seks, syv, otte, ni'),
  letters: row(
    'a, be, se, de, e, æf, ge, hå, i, jåd, kå, æl, æm, æn, o, pe, ku, ær, æs, te, u, ve, dobbelt-ve, æks, y, sæt',
  ),
  alphabet: row(
    'Anna, Bernhard, Cecilie, David, Erik, Frederik, Georg, Hans, Ida, Johan, Karen, Ludvig, Mari, Nikolaj, Odin, Peter, Quintus, Rasmus, Søren, Theodor, Ulla, Viggo, William, Xerxes, Yrsa, Zackarias',
  ),
  asIn: '{letter} som i {word}',
  gateOne: 'For at høre din kode skal du trykke på {1}.',
  gateTwo: 'For at høre din kode skal du trykke på {1} og derefter på {2}.',
  gateAny: 'For at høre din kode skal du trykke på en vilkårlig tast.',
  goodbye: 'Farvel.',
};
