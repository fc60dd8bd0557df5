import { row, type Language } from './language.ts';

export const zhTw: Language = {
  digits: row('零, 一, 二, 三, 四, 五, 六, 七, 八, 九'),
  letters: row(
    '誒, 比, 西, 迪, 伊, 艾弗, 吉, 艾尺, 艾, 傑, 開, 艾勒, 艾姆, 恩, 歐, 批, 吉吾, 艾兒, 艾絲, 提, 優, 維, 達布留, 艾克斯, 歪, 賊德',
  ),
  alphabet: row(
    '阿爾法, 布拉沃, 查理, 德爾塔, 艾科, 狐步, 高爾夫, 飯店, 印度, 茱麗葉, 基洛, 利馬, 麥克, 十一月, 奧斯卡, 爸爸, 魁北克, 羅密歐, 塞拉, 探戈, 制服, 維克多, 威士忌, 愛克斯光, 洋基, 祖魯',
  ),
  asIn: '{word}的{letter}',
  gateOne: '收聽驗證碼，請按{1}。',
  gateTwo: '收聽驗證碼，請先按{1}，再按{2}。',
  gateAny: '收聽驗證碼，請按任意鍵。',
  goodbye: '再見。',
};
