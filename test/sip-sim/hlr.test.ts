import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { Customer } from './customer.ts';

/** What the network knows of a phone: sip-sim/README.md. */
let customer: Customer;
beforeAll(async () => {
  customer = await Customer.start();
});
beforeEach(async () => await customer.clear());
afterAll(async () => await customer.close());

const TO = '+41793026727';
const lookup = async (number = TO) => await customer.control('GET', `/hlr/${number}`);

const SWISS = {
  mccMnc: '22801',
  networkName: 'Switzerland Mobile',
  countryName: 'Switzerland',
  countryPrefix: '41',
  networkPrefix: '79',
  networkId: 22801,
};

describe('an unknown phone', () => {
  test('is reachable, in a network of its country', async () => {
    expect(await lookup()).toEqual({
      to: TO,
      reachable: true,
      mccMnc: '22801',
      imsi: '228011793026727',
      servingMsc: '41001',
      originalNetwork: SWISS,
      ported: false,
      portedNetwork: null,
      roaming: false,
      roamingNetwork: null,
    });
  });

  test.each([
    ['+4915112345678', '26201', 'Germany', '49', '1511'],
    ['+12121115555', '310001', 'United States', '1', '212'],
    ['+14165550123', '302001', 'Canada', '1', '416'],
    ['+447700900000', '23401', 'United Kingdom', '44', '7700'],
    ['+5511912345678', '72401', 'Brazil', '55', '11'],
    ['+8613800138000', '46001', 'China', '86', '138'],
    ['+38349123456', '22101', 'Kosovo', '383', '49'],
  ])('%s', async (number, mccMnc, countryName, countryPrefix, networkPrefix) => {
    const answer = await lookup(number);
    expect(answer).toMatchObject({
      mccMnc,
      originalNetwork: { mccMnc, countryName, countryPrefix, networkPrefix },
    });
    expect(answer['imsi']).toMatch(new RegExp(`^${mccMnc}\\d{${15 - mccMnc.length}}$`));
  });

  test('of no country: nobody knows', async () => {
    expect(await lookup('+9991234567')).toMatchObject({
      reachable: null,
      mccMnc: null,
      imsi: null,
      servingMsc: null,
      originalNetwork: null,
    });
  });
});

describe('what is set', () => {
  test('a network, in part or whole', async () => {
    await customer.phone(TO, { network: { networkName: 'Swisscom', mccMnc: '22888' } });
    const originalNetwork = { ...SWISS, networkName: 'Swisscom', mccMnc: '22888', networkId: 22888 };
    expect(await lookup()).toMatchObject({ mccMnc: '22888', originalNetwork });
    const whole = { ...SWISS, networkName: 'Else', networkId: 7 };
    await customer.phone(TO, { network: whole });
    expect(await lookup()).toMatchObject({ originalNetwork: whole });
    await customer.phone('+9991234567', { network: { networkName: 'Thuraya' } });
    expect(await lookup('+9991234567')).toMatchObject({ reachable: true, mccMnc: '90101' });
  });

  test.each([true, false, null])('reachable %s', async reachable => {
    await customer.phone(TO, { reachable });
    const answer = await lookup();
    expect(answer['reachable']).toBe(reachable);
    expect(answer['servingMsc']).toBe(reachable === true ? '41001' : null);
    expect(answer['imsi'] === null).toBe(reachable === null);
  });

  test('ported: another network of the country, or the given one', async () => {
    await customer.phone(TO, { ported: true });
    const portedNetwork = {
      ...SWISS,
      mccMnc: '22802',
      networkName: 'Switzerland Telecom',
      networkId: 22802,
    };
    expect(await lookup()).toMatchObject({
      mccMnc: '22802',
      originalNetwork: SWISS,
      ported: true,
      portedNetwork,
    });
    await customer.phone(TO, { portedNetwork: { networkName: 'Salt' } });
    expect(await lookup()).toMatchObject({ ported: true, portedNetwork: { networkName: 'Salt' } });
  });

  test('roaming: abroad, or where it is told; still of its home network', async () => {
    await customer.phone(TO, { roaming: true });
    expect(await lookup()).toMatchObject({
      mccMnc: '22801',
      servingMsc: '49001',
      roaming: true,
      roamingNetwork: { mccMnc: '26201', countryName: 'Germany', networkPrefix: '' },
    });
    await customer.phone('+4915112345678', { roaming: true });
    expect(await lookup('+4915112345678')).toMatchObject({ roamingNetwork: { countryName: 'France' } });
    const roamingNetwork = { mccMnc: '22201', countryName: 'Italy', countryPrefix: '39' };
    await customer.phone(TO, { roamingNetwork });
    expect(await lookup()).toMatchObject({ roaming: true, servingMsc: '39001', roamingNetwork });
  });

  test.each([
    ['network.mccMnc', { network: { mccMnc: '1' } }],
    ['network.colour', { network: { colour: 'red' } }],
    ['reachable', { reachable: 'maybe' }],
    ['smsErrorCode', { smsOutcome: 'refused', smsErrorCode: 30003 }],
    ['smsErrorCode', { smsErrorCode: 1 }],
  ])('%s is refused by name', async (field, body) => {
    await expect(customer.phone(TO, body)).rejects.toThrow(`"field":"${field}"`);
  });

  test('no number: 400', async () => await expect(lookup('abc')).rejects.toThrow('400'));
});
