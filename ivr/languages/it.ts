import { row, type Language } from './language.ts';

export const it: Language = {
  digits: row('zero, uno, due, tre, quattro, cinque, sei, sette, otto, nove'),
  letters: row(
    'a, bi, ci, di, e, effe, gi, acca, i, i lunga, cappa, elle, emme, enne, o, pi, cu, erre, esse, ti, u, vu, doppia vu, ics, ipsilon, zeta',
  ),
  alphabet: row(
    'Ancona, Bologna, Como, Domodossola, Empoli, Firenze, Genova, Hotel, Imola, Jolly, Kappa, Livorno, Milano, Napoli, Otranto, Palermo, Quarto, Roma, Savona, Torino, Udine, Venezia, Washington, Xilofono, York, Zara',
  ),
  asIn: '{letter} come {word}',
  gateOne: 'Per ascoltare il codice, prema {1}.',
  gateTwo: 'Per ascoltare il codice, prema {1} e poi {2}.',
  gateAny: 'Per ascoltare il codice, prema un tasto qualsiasi.',
  goodbye: 'Arrivederci.',
};
