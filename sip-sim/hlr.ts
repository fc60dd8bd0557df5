import { z } from 'zod';

import { numberPlan } from './numbering.ts';

/** A network as a look-up tells it; what is left out follows from the number. */
const networkSchema = z.strictObject({
  mccMnc: z
    .string()
    .regex(/^\d{5,6}$/, 'five or six digits')
    .optional(),
  networkName: z.string().max(100).optional(),
  countryName: z.string().max(100).optional(),
  countryPrefix: z
    .string()
    .regex(/^\d{1,4}$/, 'one to four digits')
    .optional(),
  networkPrefix: z
    .string()
    .regex(/^\d{0,8}$/, 'up to eight digits')
    .optional(),
  networkId: z.number().int().min(0).optional(),
});

/** The part of a phone's behaviour that a look-up asks for: README.md. */
export const hlrFields = {
  /** The network that the number was given out by. */
  network: networkSchema.nullable().default(null),
  ported: z.boolean().default(false),
  portedNetwork: networkSchema.nullable().default(null),
  roaming: z.boolean().default(false),
  roamingNetwork: networkSchema.nullable().default(null),
  /** null: the network does not say. */
  reachable: z.boolean().nullable().default(true),
};

type NetworkSettings = z.infer<typeof networkSchema>;
export interface HlrSettings {
  readonly network: NetworkSettings | null;
  readonly ported: boolean;
  readonly portedNetwork: NetworkSettings | null;
  readonly roaming: boolean;
  readonly roamingNetwork: NetworkSettings | null;
  readonly reachable: boolean | null;
}

interface Network {
  readonly mccMnc: string;
  readonly networkName: string;
  readonly countryName: string;
  readonly countryPrefix: string;
  readonly networkPrefix: string;
  readonly networkId: number;
}

/** Where a roaming phone is, unless told: the first of these that is not its home. */
const ABROAD = ['+4915112345678', '+33612345678'];

/** The home location register's answer, JSON of the control API. */
export function hlrJson(number: string, settings: HlrSettings): Record<string, unknown> {
  const original = networkOf(number, settings.network, { mnc: '01', name: 'Mobile' });
  const ported = settings.ported || settings.portedNetwork !== null;
  const roaming = settings.roaming || settings.roamingNetwork !== null;
  const portedNetwork = ported
    ? networkOf(number, settings.portedNetwork, { mnc: '02', name: 'Telecom' })
    : null;
  const abroad = ABROAD.find(other => numberPlan(other)?.country !== numberPlan(number)?.country) ?? number;
  const roamingNetwork = roaming
    ? networkOf(abroad, settings.roamingNetwork, { mnc: '01', name: 'Mobile', prefix: '' })
    : null;
  const home = portedNetwork ?? original;
  // A number of no country and no network: nobody to ask.
  const reachable = home ? settings.reachable : null;
  const known = home !== null && reachable !== null;
  const serving = roamingNetwork ?? home;
  return {
    to: number,
    reachable,
    mccMnc: home?.mccMnc ?? null,
    imsi: known ? imsi(home.mccMnc, number) : null,
    // An absent subscriber is served by nobody.
    servingMsc: known && reachable && serving ? `${serving.countryPrefix}001` : null,
    originalNetwork: original,
    ported,
    portedNetwork,
    roaming,
    roamingNetwork,
  };
}

function networkOf(
  number: string,
  settings: NetworkSettings | null,
  defaults: { mnc: string; name: string; prefix?: string },
): Network | null {
  const plan = numberPlan(number);
  if (!plan && !settings) return null;
  // North America counts its networks with three digits.
  const mnc = plan?.countryPrefix === '1' ? `0${defaults.mnc}` : defaults.mnc;
  const mccMnc = settings?.mccMnc ?? `${plan?.mcc ?? '901'}${mnc}`;
  return {
    mccMnc,
    networkName: settings?.networkName ?? `${plan?.countryName ?? 'World'} ${defaults.name}`,
    countryName: settings?.countryName ?? plan?.countryName ?? 'International',
    countryPrefix: settings?.countryPrefix ?? plan?.countryPrefix ?? '',
    networkPrefix: settings?.networkPrefix ?? defaults.prefix ?? plan?.networkPrefix ?? '',
    networkId: settings?.networkId ?? Number(mccMnc),
  };
}

/** Fifteen digits, always the same for a number. */
function imsi(mccMnc: string, number: string): string {
  return (
    mccMnc +
    number
      .replace('+', '')
      .padStart(15, '0')
      .slice(mccMnc.length - 15)
  );
}
