import { row, type Language } from './language.ts';

export const pl: Language = {
  digits: row('zero, jeden, dwa, trzy, cztery, pięć, sześć, siedem, osiem, dziewięć'),
  letters: row(
    'a, be, ce, de, e, ef, gie, ha, i, jot, ka, el, em, en, o, pe, ku, er, es, te, u, fau, wu, iks, igrek, zet',
  ),
  alphabet: row(
    'Adam, Barbara, Celina, Dorota, Ewa, Franciszek, Genowefa, Henryk, Irena, Jadwiga, Karol, Leon, Maria, Natalia, Olga, Paweł, Quebec, Roman, Stanisław, Tadeusz, Urszula, Violetta, Wanda, Xantypa, Ypsylon, Zygmunt',
  ),
  asIn: '{letter} jak {word}',
  gateOne: 'Aby usłyszeć swój kod, naciśnij {1}.',
  gateTwo: 'Aby usłyszeć swój kod, naciśnij {1}, a następnie {2}.',
  gateAny: 'Aby usłyszeć swój kod, naciśnij dowolny klawisz.',
  goodbye: 'Do widzenia.',
};
