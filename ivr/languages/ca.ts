import { row, type Language } from './language.ts';

/** `com` instead of `de`, which would elide before a vowel. */
export const ca: Language = {
  digits: row('zero, u, dos, tres, quatre, cinc, sis, set, vuit, nou'),
  letters: row(
    'a, be, ce, de, e, efa, ge, hac, i, jota, ca, ela, ema, ena, o, pe, cu, erra, essa, te, u, ve, ve doble, ics, i grega, zeta',
  ),
  alphabet: row(
    'Anna, Barcelona, Carme, Dolors, Enric, Francesc, Girona, Helena, Ignasi, Joan, Kilo, Lleida, Maria, Núria, Olga, Pere, Quim, Ramon, Sabadell, Tarragona, Úrsula, València, Washington, Xavier, Yolanda, Zoo',
  ),
  asIn: '{letter} com {word}',
  gateOne: 'Per escoltar el seu codi, premi {1}.',
  gateTwo: 'Per escoltar el seu codi, premi {1} i després {2}.',
  gateAny: 'Per escoltar el seu codi, premi qualsevol tecla.',
  goodbye: 'Adéu.',
};
