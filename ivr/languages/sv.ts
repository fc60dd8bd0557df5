import { row, type Language } from './language.ts';

export const sv: Language = {
  digits: row('noll, ett, två, tre, fyra, fem, sex, sju, åtta, nio'),
  letters: row(
    'a, be, se, de, e, eff, ge, hå, i, ji, kå, ell, em, enn, o, pe, ku, ärr, ess, te, u, ve, dubbel-ve, eks, y, säta',
  ),
  alphabet: row(
    'Adam, Bertil, Cesar, David, Erik, Filip, Gustav, Helge, Ivar, Johan, Kalle, Ludvig, Martin, Niklas, Olof, Petter, Quintus, Rudolf, Sigurd, Tore, Urban, Viktor, Wilhelm, Xerxes, Yngve, Zäta',
  ),
  asIn: '{letter} som i {word}',
  gateOne: 'För att höra din kod, tryck på {1}.',
  gateTwo: 'För att höra din kod, tryck på {1} och sedan på {2}.',
  gateAny: 'För att höra din kod, tryck på valfri knapp.',
  goodbye: 'Hej då.',
};
