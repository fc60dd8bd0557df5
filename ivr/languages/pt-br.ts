import { row, type Language } from './language.ts';

/** `seis`, not the `meia` of telephone numbers. */
export const ptBr: Language = {
  digits: row('zero, um, dois, três, quatro, cinco, seis, sete, oito, nove'),
  letters: row(
    'á, bê, cê, dê, é, éfe, gê, agá, i, jota, cá, éle, ême, êne, ó, pê, quê, érre, ésse, tê, u, vê, dáblio, xis, ípsilon, zê',
  ),
  alphabet: row(
    'Amor, Bola, Casa, Dado, Escola, Faca, Gato, Hotel, Ilha, Janela, Kiwi, Lua, Maria, Navio, Ovo, Pato, Queijo, Rato, Sapo, Tatu, Uva, Vaca, Washington, Xícara, Yara, Zebra',
  ),
  asIn: '{letter} de {word}',
  gateOne: 'Para ouvir seu código, pressione {1}.',
  gateTwo: 'Para ouvir seu código, pressione {1} e depois {2}.',
  gateAny: 'Para ouvir seu código, pressione qualquer tecla.',
  goodbye: 'Até logo.',
};
