import { ca } from './ca.ts';
import { da } from './da.ts';
import { de } from './de.ts';
import { en } from './en.ts';
import { es } from './es.ts';
import { fi } from './fi.ts';
import { fr } from './fr.ts';
import { hr } from './hr.ts';
import { it } from './it.ts';
import { ja } from './ja.ts';
import { ko } from './ko.ts';
import { nl } from './nl.ts';
import { no } from './no.ts';
import { pl } from './pl.ts';
import { ptBr } from './pt-br.ts';
import { ptPt } from './pt-pt.ts';
import { ro } from './ro.ts';
import { ru } from './ru.ts';
import { sl } from './sl.ts';
import { sv } from './sv.ts';
import { zhCn } from './zh-cn.ts';
import { zhTw } from './zh-tw.ts';
import type { Language } from './language.ts';

/** The languages of Infobip's 2FA enum (infobip-api.md 2.4), by its codes. */
export const languages = {
  en,
  es,
  ca,
  da,
  nl,
  fr,
  de,
  it,
  ja,
  ko,
  no,
  pl,
  ru,
  sv,
  fi,
  hr,
  sl,
  ro,
  pt_pt: ptPt,
  pt_br: ptBr,
  zh_cn: zhCn,
  zh_tw: zhTw,
} as const satisfies Readonly<Record<string, Language>>;
