import { parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js/max';

/** Mobile country codes (ITU-T E.212), the first of each country or territory. */
const MCC: ReadonlyMap<string, string> = new Map(
  `AC658 AD213 AE424 AF412 AG344 AI365 AL276 AM283 AO631 AR722 AS544 AT232 AU505 AW363 AX244 AZ400 BA218 BB342 BD470
   BE206 BF613 BG284 BH426 BI642 BJ616 BL340 BM350 BN528 BO736 BQ362 BR724 BS364 BT402 BW652 BY257 BZ702 CA302 CC505
   CD630 CF623 CG629 CH228 CI612 CK548 CL730 CM624 CN460 CO732 CR712 CU368 CV625 CW362 CX505 CY280 CZ230 DE262 DJ638
   DK238 DM366 DO370 DZ603 EC740 EE248 EG602 EH604 ER657 ES214 ET636 FI244 FJ542 FK750 FM550 FO288 FR208 GA628 GB234
   GD352 GE282 GF340 GG234 GH620 GI266 GL290 GM607 GN611 GP340 GQ627 GR202 GT704 GU310 GW632 GY738 HK454 HN708 HR219
   HT372 HU216 ID510 IE272 IL425 IM234 IN404 IO995 IQ418 IR432 IS274 IT222 JE234 JM338 JO416 JP440 KE639 KG437 KH456
   KI545 KM654 KN356 KP467 KR450 KW419 KY346 KZ401 LA457 LB415 LC358 LI295 LK413 LR618 LS651 LT246 LU270 LV247 LY606
   MA604 MC212 MD259 ME297 MF340 MG646 MH551 MK294 ML610 MM414 MN428 MO455 MP310 MQ340 MR609 MS354 MT278 MU617 MV472
   MW650 MX334 MY502 MZ643 NA649 NC546 NE614 NF505 NG621 NI710 NL204 NO242 NP429 NR536 NU555 NZ530 OM422 PA714 PE716
   PF547 PG537 PH515 PK410 PL260 PM308 PR330 PS425 PT268 PW552 PY744 QA427 RE647 RO226 RS220 RU250 RW635 SA420 SB540
   SC633 SD634 SE240 SG525 SH658 SI293 SJ242 SK231 SL619 SM292 SN608 SO637 SR746 SS659 ST626 SV706 SX362 SY417 SZ653
   TA658 TC376 TD622 TG615 TH520 TJ436 TK554 TL514 TM438 TN605 TO539 TR286 TT374 TV553 TW466 TZ640 UA255 UG641 US310
   UY748 UZ434 VA225 VC360 VE734 VG348 VI332 VN452 VU541 WF543 WS549 XK221 YE421 YT647 ZA655 ZM645 ZW648`
    .split(/\s+/)
    .map(entry => [entry.slice(0, 2), entry.slice(2)]),
);

const countryNames = new Intl.DisplayNames('en', { type: 'region' });

/** What a numbering plan tells of a number. */
export interface NumberPlan {
  readonly country: CountryCode;
  readonly countryName: string;
  readonly countryPrefix: string;
  /** The national number's first group, where it has groups. */
  readonly networkPrefix: string;
  readonly mcc: string;
}

/** Undefined for what belongs to no country. Invented numbers belong to the main country of their calling code. */
export function numberPlan(number: string): NumberPlan | undefined {
  const parsed = parsePhoneNumberFromString(number, { extract: false });
  const country = parsed?.country ?? parsed?.getPossibleCountries()[0];
  const mcc = country && MCC.get(country);
  if (!parsed || !country || mcc === undefined) return undefined;
  const [, first = '', ...more] = parsed.formatInternational().split(' ');
  return {
    country,
    countryName: countryNames.of(country) ?? country,
    countryPrefix: parsed.countryCallingCode,
    networkPrefix: more.length > 0 ? first : '',
    mcc,
  };
}

/** A number as people write it, `+41 79 302 67 27`, and the country it belongs to, where there is one. */
export function writtenNumber(number: string): { display: string; country: string | null } {
  const display = parsePhoneNumberFromString(number, { extract: false })?.formatInternational() ?? number;
  return { display, country: numberPlan(number)?.countryName ?? null };
}
