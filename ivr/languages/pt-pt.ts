import { row, type Language } from './language.ts';

export const ptPt: Language = {
  digits: row('zero, um, dois, três, quatro, cinco, seis, sete, oito, nove'),
  letters: row(
    'á, bê, cê, dê, é, éfe, gê, agá, i, jota, capa, éle, éme, éne, ó, pê, quê, érre, ésse, tê, u, vê, duplo vê, xis, ípsilon, zê',
  ),
  alphabet: row(
    'Aveiro, Bragança, Coimbra, Dafundo, Évora, Faro, Guarda, Horta, Itália, José, Kilograma, Lisboa, Maria, Nazaré, Ovar, Porto, Queluz, Rossio, Setúbal, Tavira, Unidade, Vidago, Washington, Xavier, York, Zulmira',
  ),
  asIn: '{letter} de {word}',
  gateOne: 'Para ouvir o seu código, prima {1}.',
  gateTwo: 'Para ouvir o seu código, prima {1} e depois {2}.',
  gateAny: 'Para ouvir o seu código, prima qualquer tecla.',
  goodbye: 'Adeus.',
};
