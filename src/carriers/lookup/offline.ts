import { parsePhoneNumberFromString } from '../../phone-library.ts';
import { numberType } from '../../domain/phone.ts';
import type { E164 } from '../../domain/types.ts';
import { lazily } from '../../lazily.ts';
import type { Network, NumberContext, NumberLookup } from '../message-carrier.ts';

const countryNames = lazily(() => new Intl.DisplayNames('en', { type: 'region' }));

/**
 * What the numbering plans tell without asking anybody: country, prefix and kind of line. Numbers move between networks, so
 * no network is named, and whether the phone is on is `not-configured`.
 */
export function createOfflineLookup(): NumberLookup {
  return {
    name: 'offline',
    tellsReachability: false,
    lookup: async to => await Promise.resolve(offlineContext(to)),
  };
}

function offlineContext(to: string): NumberContext {
  const number = to.startsWith('+') ? to : `+${to}`;
  const network = planNetwork(number);
  return {
    to,
    reachable: 'not-configured',
    numberType: numberType(number as E164),
    ...(network && { originalNetwork: network }),
    ported: false,
    roaming: false,
  };
}

function planNetwork(number: string): Network | undefined {
  const parsed = parsePhoneNumberFromString(number, { extract: false });
  // Numbers that are not given out (yet) belong to the main country of their calling code.
  const country = parsed?.country ?? parsed?.getPossibleCountries()[0];
  if (!parsed || !country) return undefined;
  const [, first = '', ...more] = parsed.formatInternational().split(' ');
  return {
    networkName: '',
    networkPrefix: more.length > 0 ? first : '',
    countryName: countryNames().of(country) ?? country,
    countryPrefix: parsed.countryCallingCode,
  };
}
