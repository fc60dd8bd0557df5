import { row, type Language } from './language.ts';

export const ro: Language = {
  digits: row('zero, unu, doi, trei, patru, cinci, șase, șapte, opt, nouă'),
  letters: row(
    'a, be, ce, de, e, ef, ge, haș, i, jî, ka, el, em, en, o, pe, kü, er, es, te, u, ve, dublu ve, ics, igrec, zet',
  ),
  alphabet: row(
    'Ana, Barbu, Constantin, Dumitru, Elena, Florea, Gheorghe, Haralambie, Ion, Jiu, Kilogram, Lazăr, Maria, Nicolae, Olga, Petre, Quebec, Radu, Sandu, Tudor, Udrea, Vasile, Washington, Xenia, Yankee, Zamfir',
  ),
  asIn: '{letter} de la {word}',
  gateOne: 'Pentru a auzi codul, apăsați {1}.',
  gateTwo: 'Pentru a auzi codul, apăsați {1}, apoi {2}.',
  gateAny: 'Pentru a auzi codul, apăsați orice tastă.',
  goodbye: 'La revedere.',
};
