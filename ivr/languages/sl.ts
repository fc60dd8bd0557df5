import { row, type Language } from './language.ts';

export const sl: Language = {
  digits: row('nič, ena, dve, tri, štiri, pet, šest, sedem, osem, devet'),
  letters: row(
    'a, be, ce, de, e, ef, ge, ha, i, je, ka, el, em, en, o, pe, ku, er, es, te, u, ve, dvojni ve, iks, ipsilon, ze',
  ),
  alphabet: row(
    'Ankaran, Bled, Celje, Drava, Evropa, Fala, Gorica, Hrastnik, Izola, Jadran, Kamnik, Ljubljana, Maribor, Nanos, Ormož, Piran, Queen, Ravne, Soča, Triglav, Unec, Vrhnika, Washington, Xenia, Ypsilon, Zalog',
  ),
  asIn: '{letter} kot {word}',
  gateOne: 'Če želite slišati svojo kodo, pritisnite {1}.',
  gateTwo: 'Če želite slišati svojo kodo, pritisnite {1}, nato {2}.',
  gateAny: 'Če želite slišati svojo kodo, pritisnite katero koli tipko.',
  goodbye: 'Nasvidenje.',
};
