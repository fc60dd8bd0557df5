import { row, type Language } from './language.ts';

/** `näppäintä` before the digit keeps the digit uninflected. */
export const fi: Language = {
  digits: row('nolla, yksi, kaksi, kolme, neljä, viisi, kuusi, seitsemän, kahdeksan, yhdeksän'),
  letters: row(
    'aa, bee, see, dee, ee, äf, gee, hoo, ii, jii, koo, äl, äm, än, oo, pee, kuu, är, äs, tee, uu, vee, kaksoisvee, äks, yy, tset',
  ),
  alphabet: row(
    'Aarne, Bertta, Celsius, Daavid, Eemeli, Faarao, Gideon, Heikki, Iivari, Jussi, Kalle, Lauri, Matti, Niilo, Otto, Paavo, Kuu, Risto, Sakari, Tyyne, Urho, Vihtori, Wiski, Äksä, Yrjö, Tseta',
  ),
  asIn: '{letter} kuten {word}',
  gateOne: 'Kuullaksesi koodisi, paina näppäintä {1}.',
  gateTwo: 'Kuullaksesi koodisi, paina näppäintä {1} ja sitten näppäintä {2}.',
  gateAny: 'Kuullaksesi koodisi, paina mitä tahansa näppäintä.',
  goodbye: 'Kuulemiin.',
};
