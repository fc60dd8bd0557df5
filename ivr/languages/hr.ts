import { row, type Language } from './language.ts';

export const hr: Language = {
  digits: row('nula, jedan, dva, tri, četiri, pet, šest, sedam, osam, devet'),
  letters: row(
    'a, be, ce, de, e, ef, ge, ha, i, jot, ka, el, em, en, o, pe, ku, er, es, te, u, ve, dvostruko ve, iks, ipsilon, ze',
  ),
  alphabet: row(
    'Ana, Biokovo, Cavtat, Dubrovnik, Europa, Frankopan, Gospić, Hercegovina, Istra, Jadran, Karlovac, Lika, Mostar, Nin, Osijek, Pazin, Quebec, Rijeka, Sisak, Trogir, Učka, Vukovar, Washington, Xenia, Ypsilon, Zagreb',
  ),
  asIn: '{letter} kao {word}',
  gateOne: 'Kako biste čuli svoj kod, pritisnite {1}.',
  gateTwo: 'Kako biste čuli svoj kod, pritisnite {1}, a zatim {2}.',
  gateAny: 'Kako biste čuli svoj kod, pritisnite bilo koju tipku.',
  goodbye: 'Doviđenja.',
};
