/**
 * eSpeak NG reads kana but spells every kanji as "Chinese letter" (measured with 0.3.5 and Debian's 1.51), and a
 * long-vowel mark or a voicing mark beside a kanji as "Japanese letter". So the kanji of messages about
 * codes are turned into their readings first. Longest match first; particles keep their spoken sound.
 */
const READINGS: readonly (readonly [string, string])[] = [
  ['ワンタイムパスワード', 'ワンタイムパスワード'],
  ['二段階認証', 'にだんかいにんしょう'],
  ['有効期限', 'ゆうこうきげん'],
  ['暗証番号', 'あんしょうばんごう'],
  ['確認番号', 'かくにんばんごう'],
  ['認証番号', 'にんしょうばんごう'],
  ['電話番号', 'でんわばんごう'],
  ['もう一度', 'もういちど'],
  ['繰り返す', 'くりかえす'],
  ['聞き直す', 'ききなおす'],
  ['お客様', 'おきゃくさま'],
  ['今すぐ', 'いますぐ'],
  ['失礼', 'しつれい'],
  ['致し', 'いたし'],
  ['本人', 'ほんにん'],
  ['確認', 'かくにん'],
  ['認証', 'にんしょう'],
  ['検証', 'けんしょう'],
  ['暗証', 'あんしょう'],
  ['番号', 'ばんごう'],
  ['有効', 'ゆうこう'],
  ['期限', 'きげん'],
  ['電話', 'でんわ'],
  ['登録', 'とうろく'],
  ['入力', 'にゅうりょく'],
  ['送信', 'そうしん'],
  ['再生', 'さいせい'],
  ['終了', 'しゅうりょう'],
  ['開始', 'かいし'],
  ['秘密', 'ひみつ'],
  ['他人', 'たにん'],
  ['共有', 'きょうゆう'],
  ['時間', 'じかん'],
  ['数字', 'すうじ'],
  ['続行', 'ぞっこう'],
  ['一度', 'いちど'],
  ['以内', 'いない'],
  ['以下', 'いか'],
  ['次の', 'つぎの'],
  ['聞く', 'きく'],
  ['聞き', 'きき'],
  ['聞こ', 'きこ'],
  ['押す', 'おす'],
  ['押し', 'おし'],
  ['押せ', 'おせ'],
  ['教え', 'おしえ'],
  ['続け', 'つづけ'],
  ['始め', 'はじめ'],
  ['受け', 'うけ'],
  ['待ち', 'まち'],
  ['秒', 'びょう'],
  ['分', 'ふん'],
  ['回', 'かい'],
  ['桁', 'けた'],
  ['様', 'さま'],
  ['度', 'ど'],
  ['零', 'れい'],
  ['一', 'いち'],
  ['二', 'に'],
  ['三', 'さん'],
  ['四', 'よん'],
  ['五', 'ご'],
  ['六', 'ろく'],
  ['七', 'なな'],
  ['八', 'はち'],
  ['九', 'きゅう'],
];

const WORDS = new Map(READINGS);
const PATTERN = new RegExp(
  READINGS.map(([word]) => word)
    .toSorted((a, b) => b.length - a.length)
    .join('|'),
  'gu',
);

/** The topic particle は is spoken わ; here only where no kana word could end in it: before a break or a space. */
const TOPIC = /(?<=[\p{sc=Hiragana}\p{sc=Katakana}ー]{2})は(?=[、。，,.:：\s]|$)/gu;

/** Japanese text as eSpeak can read it: known kanji words as kana, other kanji left out rather than named. */
export function readableJapanese(text: string): string {
  return text
    .normalize('NFKC')
    .replaceAll(PATTERN, word => WORDS.get(word) ?? word)
    .replaceAll(/\p{sc=Han}+/gu, ' ')
    .replaceAll(TOPIC, 'わ');
}
