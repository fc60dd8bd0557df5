import { describe, expect, it } from 'vitest';

import { createApplication, updateApplication } from '../../src/domain/application.ts';
import { newCallRef } from '../../src/domain/ids.ts';
import { DAY_MS, DEFAULT_CONFIGURATION } from '../../src/domain/limits.ts';
import { effectivePin, effectiveSettings, securitySettings } from '../../src/domain/profile.ts';
import { createTemplate, updateTemplate } from '../../src/domain/template.ts';
import { ServiceError } from '../../src/errors.ts';
import { seededRandom } from '../support/seeded-random.ts';

const random = seededRandom('records.test');
const deps = { random, now: 1000 };

function fieldsOf(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof ServiceError && error.id === 'badRequest') return Object.keys(error.fields ?? {});
  }
  return [];
}

describe('applications', () => {
  it('fill in Infobip defaults for what is absent or null', () => {
    const application = createApplication(
      { name: 'shop', enabled: null, configuration: { pinAttempts: 3, verifyPinLimit: null } },
      deps,
    );
    expect(application).toEqual({
      applicationId: expect.stringMatching(/^[0-9A-F]{32}$/) as string,
      name: 'shop',
      enabled: true,
      configuration: { ...DEFAULT_CONFIGURATION, pinAttempts: 3 },
      createdAt: 1000,
      updatedAt: 1000,
    });
  });

  it('keep by PUT what it leaves out: a rename neither enables nor loosens', () => {
    const before = createApplication(
      {
        name: 'a',
        enabled: false,
        configuration: { pinTimeToLive: '5m', allowMultiplePinVerifications: false },
      },
      deps,
    );
    expect(updateApplication(before, { name: 'b', configuration: { pinAttempts: 4 } }, 2000)).toEqual({
      ...before,
      name: 'b',
      configuration: { ...before.configuration, pinAttempts: 4 },
      updatedAt: 2000,
    });
  });

  it('name each bad field', () => {
    expect(
      fieldsOf(() => createApplication({ name: ' ', configuration: { pinTimeToLive: 'x' } }, deps)),
    ).toEqual(['name', 'configuration.pinTimeToLive']);
  });
});

describe('templates', () => {
  const application = createApplication({ name: 'a' }, deps).applicationId;
  const request = { messageText: 'Your code is {{pin}}', pinType: 'NUMERIC' } as const;

  it('have 4 symbols by default, and leave out what was never set', () => {
    const template = createTemplate(application, { ...request, language: null }, deps);
    expect(template).toEqual({
      messageId: expect.stringMatching(/^[0-9A-F]{32}$/) as string,
      applicationId: application,
      ...request,
      pinLength: 4,
      createdAt: 1000,
      updatedAt: 1000,
    });
  });

  it('keep on update what is absent', () => {
    const before = createTemplate(
      application,
      { ...request, language: 'de', repeatDTMF: '1#', pinLength: 6 },
      deps,
    );
    expect(updateTemplate(before, { speechRate: 0.7, language: null }, 2000)).toEqual({
      ...before,
      speechRate: 0.7,
      updatedAt: 2000,
    });
  });

  it.each([
    [{ messageText: 'no placeholder' }, 'messageText'],
    [{ pinLength: 0 }, 'pinLength'],
    [{ pinLength: 33 }, 'pinLength'],
    [{ pinLength: 4.5 }, 'pinLength'],
    [{ language: 'pt-br' }, 'language'],
    [{ repeatDTMF: '1x' }, 'repeatDTMF'],
    [{ repeatDTMF: '' }, 'repeatDTMF'],
    [{ speechRate: Number.POSITIVE_INFINITY }, 'speechRate'],
    [
      { regional: { indiaDlt: { principalEntityId: 'x'.repeat(31) } } },
      'regional.indiaDlt.principalEntityId',
    ],
  ])('refuse %j on create and on update', (bad, field) => {
    expect(fieldsOf(() => createTemplate(application, { ...request, ...bad }, deps))).toEqual([field]);
    const before = createTemplate(application, request, deps);
    expect(fieldsOf(() => updateTemplate(before, bad, 2000))).toEqual([field]);
  });
});

describe('security profiles', () => {
  const lax = createApplication({ name: 'a', configuration: { pinTimeToLive: '2h' } }, deps);

  it('compat takes the configuration as it is', () => {
    expect(effectiveSettings(lax, securitySettings('compat'))).toEqual({
      ttlMs: 7_200_000,
      attempts: 10,
      allowMultiple: true,
      verifyLimit: { attempts: 1, windowMs: 3000 },
      limits: {
        perApplication: { attempts: 10_000, windowMs: DAY_MS },
        perNumber: { attempts: 3, windowMs: DAY_MS },
      },
      failureCap: undefined,
      supersede: false,
    });
  });

  it('strict clamps', () => {
    const settings = securitySettings('strict');
    expect(effectiveSettings(lax, settings)).toMatchObject({
      ttlMs: 600_000,
      attempts: 5,
      allowMultiple: false,
      failureCap: { attempts: 100, windowMs: DAY_MS },
      supersede: true,
    });
    expect(settings).toMatchObject({ gate: 'random-digit', numbers: 'valid' });
  });

  it('strict leaves alone what is stricter still', () => {
    const tight = createApplication(
      {
        name: 'a',
        configuration: { pinTimeToLive: '1m', pinAttempts: 2, allowMultiplePinVerifications: false },
      },
      deps,
    );
    expect(effectiveSettings(tight, securitySettings('strict'))).toMatchObject({
      ttlMs: 60_000,
      attempts: 2,
    });
  });

  it('lets each setting be overridden, off included', () => {
    const settings = securitySettings('strict', { failureCap: undefined, maxAttempts: 3 });
    expect(effectiveSettings(lax, settings)).toMatchObject({
      attempts: 3,
      failureCap: undefined,
      ttlMs: 600_000,
    });
    expect(effectiveSettings(lax, securitySettings('compat', { supersede: true })).supersede).toBe(true);
  });

  it.each([
    ['NUMERIC', 4, 6],
    ['NUMERIC', 8, 8],
    ['ALPHA', 1, 5],
    ['HEX', 4, 5],
    ['ALPHANUMERIC', 3, 4],
  ] as const)('strict lengthens %s %i to %i', (pinType, pinLength, expected) => {
    const template = { pinType, pinLength };
    expect(effectivePin(template, securitySettings('strict'))).toEqual({ pinType, pinLength: expected });
    expect(effectivePin(template, securitySettings('compat'))).toEqual(template);
  });

  it('refuses to guess at a configuration that cannot be read', () => {
    const broken = { ...lax, configuration: { ...lax.configuration, pinTimeToLive: 'soon' } };
    expect(() => effectiveSettings(broken, securitySettings('compat'))).toThrow('pinTimeToLive');
  });
});

it('call references are 32 lower-case hex', () => {
  expect(newCallRef(random, 'C0FFEE')).toMatch(/^c[0-9a-f]{31}$/);
});
