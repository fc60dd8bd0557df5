import { row, type Language } from './language.ts';

export const fr: Language = {
  digits: row('zéro, un, deux, trois, quatre, cinq, six, sept, huit, neuf'),
  letters: row(
    'a, bé, cé, dé, e, effe, gé, hache, i, ji, ka, elle, emme, enne, o, pé, ku, erre, esse, té, u, vé, double vé, ixe, i grec, zède',
  ),
  alphabet: row(
    'Anatole, Berthe, Célestin, Désiré, Eugène, François, Gaston, Henri, Irma, Joseph, Kléber, Louis, Marcel, Nicolas, Oscar, Pierre, Quintal, Raoul, Suzanne, Thérèse, Ursule, Victor, William, Xavier, Yvonne, Zoé',
  ),
  asIn: '{letter} comme {word}',
  gateOne: 'Pour entendre votre code, appuyez sur la touche {1}.',
  gateTwo: 'Pour entendre votre code, appuyez sur la touche {1}, puis sur la touche {2}.',
  gateAny: "Pour entendre votre code, appuyez sur n'importe quelle touche.",
  goodbye: 'Au revoir.',
};
