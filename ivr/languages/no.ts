import { row, type Language } from './language.ts';

export const no: Language = {
  digits: row('null, en, to, tre, fire, fem, seks, sju, åtte, ni'),
  letters: row(
    'a, be, se, de, e, eff, ge, hå, i, jodd, kå, ell, em, enn, o, pe, ku, ærr, ess, te, u, ve, dobbelt-ve, eks, y, sett',
  ),
  alphabet: row(
    'Anna, Bernhard, Caesar, David, Edith, Fredrik, Gustav, Harald, Ivar, Johan, Karin, Ludvig, Martin, Nils, Olivia, Petter, Quintus, Rikard, Sigrid, Teodor, Ulrik, enkelt-ve, dobbelt-ve, Xerxes, Yngling, Zakarias',
  ),
  asIn: '{letter} som i {word}',
  gateOne: 'For å høre koden din, trykk på {1}.',
  gateTwo: 'For å høre koden din, trykk på {1} og deretter på {2}.',
  gateAny: 'For å høre koden din, trykk på en hvilken som helst tast.',
  goodbye: 'Ha det bra.',
};
