import { describe, expect, it } from 'vitest';

import type { Step } from '../../src/carriers/carrier.ts';
import { ScriptedCarrier } from '../support/scripted-carrier.ts';
import { type Rig, type RigOptions, withRig } from './rig.ts';

/** Calls of a carrier without media streams: documents and webhooks instead of a socket. */
function withMarkup(options: RigOptions, test: (rig: Rig) => Promise<void>): () => Promise<void> {
  return async () => await withRig({ ...options, carrier: new ScriptedCarrier({ media: false }) }, test)();
}

function collect(steps: readonly Step[]): Extract<Step, { do: 'collect' }> {
  const step = steps.find(one => one.do === 'collect');
  if (step?.do !== 'collect') throw new Error('no collection');
  return step;
}

function said(steps: readonly Step[]): string {
  return steps
    .flatMap(step => (step.do === 'collect' ? step.prompt : [step]))
    .map(step => (step.do === 'say' ? step.text : ''))
    .join('|');
}

/** The webhook that a collection's URL leads to. */
async function press(rig: Rig, ref: Parameters<Rig['say']>[1], url: string, digits: string) {
  const query = Object.fromEntries(new URL(url).searchParams);
  const reply = await rig.say('digits', ref, { events: [{ type: 'answered' }], digits }, { query });
  return JSON.parse(reply.body ?? '[]') as Step[];
}

const spaced = (pin: string): string => [...pin].join(', ');

describe('a call by markup', () => {
  it(
    'says the PIN in its document and hangs up',
    withMarkup({}, async rig => {
      const ref = await rig.send();
      const steps = await rig.answer(ref);
      const pin = await rig.pinOf((await rig.record(ref)).pinId);
      expect(steps.map(step => step.do)).toEqual(['say', 'pause', 'hangup']);
      expect(said(steps)).toContain(spaced(pin));
      expect(steps[0]).toMatchObject({ do: 'say', language: 'en' });
      await rig.ended(ref);
      expect(await rig.report(ref)).toMatchObject({ cause: 'completed', codeHeard: 'unknown' });
      expect(rig.lines.join('\n')).not.toContain(spaced(pin));
    }),
  );

  it(
    'repeats on the repeat key; a webhook that comes twice counts once',
    withMarkup({ template: { repeatDTMF: '1#' } }, async rig => {
      const ref = await rig.send();
      const first = collect(await rig.answer(ref));
      expect(first).toMatchObject({ maxDigits: 1, finishOn: '#', timeoutMs: 10_000 });
      expect(first.nextUrl).toBe(`https://pin.example/carrier-webhooks/scripted/${ref}/digits?turn=1`);
      const second = collect(await press(rig, ref, first.nextUrl, '1'));
      expect(second.nextUrl).toContain('turn=2');
      expect(collect(await press(rig, ref, first.nextUrl, '1'))).toEqual(second);
      expect(await press(rig, ref, first.nextUrl.replace('turn=1', 'turn=7'), '1')).toEqual([
        { do: 'hangup' },
      ]);
      expect(await press(rig, ref, second.nextUrl, '')).toEqual([{ do: 'hangup' }]);
      await rig.ended(ref);
      expect(await rig.report(ref)).toMatchObject({ cause: 'completed', repeats: 1, dtmfCodes: '1' });
    }),
  );

  it(
    'says its first document again when it is asked again',
    withMarkup({ template: { repeatDTMF: '1#' } }, async rig => {
      const ref = await rig.send();
      expect(await rig.answer(ref)).toEqual(await rig.answer(ref));
    }),
  );

  it(
    'keeps the PIN out of its documents until the gate is open',
    withMarkup({ voice: { gate: 'random-digit', gateDigits: 1 } }, async rig => {
      const ref = await rig.send();
      const pin = await rig.pinOf((await rig.record(ref)).pinId);
      const first = collect(await rig.answer(ref));
      const [asked = ''] = /\d/.exec(said([first])) ?? [];
      expect(said([first])).not.toContain(spaced(pin));
      const wrong = collect(await press(rig, ref, first.nextUrl, asked === '0' ? '1' : '0'));
      expect(said([wrong])).not.toContain(spaced(pin));
      const [again = ''] = /\d/.exec(said([wrong])) ?? [];
      expect(said(await press(rig, ref, wrong.nextUrl, again))).toContain(spaced(pin));
      await rig.ended(ref);
      expect(await rig.report(ref)).toMatchObject({ gate: 'passed', codeHeard: 'unknown' });
    }),
  );

  it(
    'goes on after a restart, its state is in the record',
    withMarkup({ template: { repeatDTMF: '1#' } }, async rig => {
      const ref = await rig.send();
      const first = collect(await rig.answer(ref));
      await rig.crash();
      await press(rig, ref, first.nextUrl, '1');
      await rig.crash();
      await rig.ended(ref);
      expect(await rig.report(ref)).toMatchObject({ cause: 'hangup', repeats: 1, codeHeard: 'unknown' });
    }),
  );

  it(
    'hangs up on a machine as soon as it is known to be one',
    withMarkup({ voice: { machineDetection: 'hangup' }, template: { repeatDTMF: '1' } }, async rig => {
      const ref = await rig.send();
      await rig.answer(ref);
      const events = [{ type: 'answeredBy', who: 'machine', greetingEnded: false }] as const;
      await rig.say('machine', ref, { events });
      expect(rig.carrier.hungUp).toEqual(['CA1']);
      await rig.ended(ref);
      expect(await rig.report(ref)).toMatchObject({ cause: 'machine', answeredBy: 'machine' });
    }),
  );

  it(
    'does not read a code that died while the phone rang',
    withMarkup({ application: { pinTimeToLive: '10s' } }, async rig => {
      const ref = await rig.send();
      await rig.clock.advanceAsync(11_000);
      expect(await rig.answer(ref)).toEqual([{ do: 'hangup' }]);
      await rig.ended(ref);
      expect(await rig.report(ref)).toMatchObject({ codeHeard: 'none' });
    }),
  );

  it(
    'lets no media socket in',
    withMarkup({}, async rig => {
      expect(await rig.admit('wss://pin.example/media/scripted/AAAAAAAAAAAAAAAAAAAAAA')).toBeUndefined();
    }),
  );

  it(
    'needs no voice of ours for its language',
    withMarkup({ template: { language: 'ja' } }, async rig => {
      const [step] = await rig.answer(await rig.send());
      expect(step).toMatchObject({ do: 'say', language: 'ja' });
    }),
  );
});
