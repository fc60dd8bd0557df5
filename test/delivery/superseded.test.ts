import { describe, expect, it } from 'vitest';

import { securitySettings } from '../../src/domain/profile.ts';
import type { DeliveryPlan } from '../../src/domain/plan.ts';
import type { E164 } from '../../src/domain/types.ts';
import { settle } from '../support/fake-clock.ts';
import { ScriptedTexts } from '../support/scripted-messages.ts';
import { PHONE, withRig, type Rig, type RigOptions } from './rig.ts';

/** A new PIN supersedes a number's earlier ones (profile `strict`): a phone that rings for one of those has nothing to say. */
const strict = { security: securitySettings('strict') };
const OTHER = '+41793026728' as E164;

async function text(rig: Rig): Promise<void> {
  const { application, template } = rig;
  await rig.delivery.sendText({ application, template, to: PHONE, placeholders: {}, lookUp: false });
  await settle();
}

async function hungUp(rig: Rig): Promise<readonly string[]> {
  await settle();
  return rig.carrier.hungUp;
}

function withTexts(defaultPlan?: DeliveryPlan): RigOptions {
  const texts = new ScriptedTexts();
  const deps = {
    ...strict,
    texts: {
      carriers: new Map([[texts.name, texts]]),
      route: () => ({ carrier: texts.name, from: 'Saypin' }),
    },
    ...(defaultPlan && { defaultPlan }),
  };
  return { deps };
}

describe('a call of a PIN that a new one supersedes', () => {
  it(
    'is hung up while it rings',
    withRig({ deps: strict }, async rig => {
      await rig.send();
      await rig.send();
      expect(await hungUp(rig)).toEqual(['CA1']);
    }),
  );

  it(
    'is hung up for a text too, with a plan or without',
    withRig(withTexts(), async rig => {
      await rig.send();
      await text(rig);
      expect(await hungUp(rig)).toEqual(['CA1']);
    }),
  );

  it(
    'is hung up when a plan begins',
    withRig(withTexts({ steps: [{ channel: 'voice', next: { onFailure: true } }] }), async rig => {
      await rig.send();
      await rig.send();
      expect(await hungUp(rig)).toEqual(['CA1']);
    }),
  );

  it(
    'is not placed if it was not yet',
    withRig({ deps: strict }, async rig => {
      const placing = Promise.withResolvers<{ carrierCallId: string }>();
      rig.carrier.answers = [() => placing.promise];
      await rig.send();
      await rig.send();
      placing.resolve({ carrierCallId: 'CA9' });
      await settle();
      expect(await hungUp(rig)).toEqual(['CA9']);
    }),
  );

  it(
    'is left to whoever has answered it',
    withRig({ deps: strict }, async rig => {
      const ref = await rig.send();
      await rig.answer(ref);
      await rig.send();
      expect(await hungUp(rig)).toEqual([]);
    }),
  );

  it(
    'rings on where earlier PINs live on',
    withRig({}, async rig => {
      await rig.send();
      await rig.send();
      expect(await hungUp(rig)).toEqual([]);
    }),
  );

  it(
    'is none of another number',
    withRig({ deps: strict }, async rig => {
      const { application, template } = rig;
      await rig.delivery.sendPin({ application, template, to: OTHER, placeholders: {} });
      await rig.send();
      expect(await hungUp(rig)).toEqual([]);
    }),
  );
});
