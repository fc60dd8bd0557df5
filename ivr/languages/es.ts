import { row, type Language } from './language.ts';

export const es: Language = {
  digits: row('cero, uno, dos, tres, cuatro, cinco, seis, siete, ocho, nueve'),
  letters: row(
    'a, be, ce, de, e, efe, ge, hache, i, jota, ka, ele, eme, ene, o, pe, cu, erre, ese, te, u, uve, uve doble, equis, i griega, zeta',
  ),
  alphabet: row(
    'Antonio, Barcelona, Carmen, Dolores, Enrique, Francia, Gerona, Historia, Inés, José, Kilo, Lorenzo, Madrid, Navarra, Oviedo, París, Querido, Ramón, Sábado, Tarragona, Ulises, Valencia, Washington, Xilófono, Yegua, Zaragoza',
  ),
  asIn: '{letter} de {word}',
  gateOne: 'Para escuchar su código, pulse {1}.',
  gateTwo: 'Para escuchar su código, pulse {1} y después {2}.',
  gateAny: 'Para escuchar su código, pulse cualquier tecla.',
  goodbye: 'Adiós.',
};
