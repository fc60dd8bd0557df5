import { row, type Language } from './language.ts';

/** Letters in characters, so that a voice without English says them too. 零, not the 洞 of the radio. */
export const zhCn: Language = {
  digits: row('零, 一, 二, 三, 四, 五, 六, 七, 八, 九'),
  letters: row(
    '诶, 比, 西, 迪, 伊, 艾弗, 吉, 艾尺, 艾, 杰, 开, 艾勒, 艾姆, 恩, 欧, 批, 吉吾, 艾儿, 艾丝, 提, 优, 维, 达布留, 艾克斯, 歪, 贼德',
  ),
  alphabet: row(
    '阿尔法, 布拉沃, 查理, 德尔塔, 埃科, 狐步, 高尔夫, 酒店, 印度, 朱丽叶, 基洛, 利马, 麦克, 十一月, 奥斯卡, 帕帕, 魁北克, 罗密欧, 塞拉, 探戈, 制服, 维克多, 威士忌, 爱克斯光, 扬基, 祖鲁',
  ),
  asIn: '{word}的{letter}',
  gateOne: '收听验证码，请按{1}。',
  gateTwo: '收听验证码，请先按{1}，再按{2}。',
  gateAny: '收听验证码，请按任意键。',
  goodbye: '再见。',
};
