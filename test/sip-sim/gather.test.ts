import * as fastCheck from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { GATHER_START, stepGather, type GatherConfig, type GatherEvent } from '../../sip-sim/gather.ts';
import { Customer, mulawSine, sounds, wavFile } from './customer.ts';

/** carrier-protocols.md 1.3, first as a machine, then on a call. */
const DEFAULTS: GatherConfig = {
  timeoutMs: 5_000,
  numDigits: undefined,
  finishOnKey: '#',
  actionOnEmptyResult: false,
  bargeIn: true,
};

/** `P` the prompt ended, `T` the timer fired, all else are keys. */
function run(config: Partial<GatherConfig>, script: string): string[] {
  let state = GATHER_START;
  return [...script].flatMap(letter => {
    const events: Record<string, GatherEvent> = { P: { type: 'promptEnded' }, T: { type: 'timeout' } };
    const step = stepGather(state, events[letter] ?? { type: 'key', key: letter }, {
      ...DEFAULTS,
      ...config,
    });
    state = step.state;
    return step.effects.map(effect =>
      effect.type === 'submit' ? `submit ${effect.digits}|${effect.finishedOnKey}` : effect.type,
    );
  });
}

test.each<[string, Partial<GatherConfig>, string, string[]]>([
  ['nothing pressed falls through', {}, 'PT', ['startTimer', 'stopTimer', 'fallThrough']],
  ['…or submits nothing', { actionOnEmptyResult: true }, 'PT', ['startTimer', 'stopTimer', 'submit |']],
  ['the first digit cuts the prompt', {}, '1', ['cutPrompt', 'startTimer']],
  ['the timer starts anew with each digit', {}, 'P12', ['startTimer', 'startTimer', 'startTimer']],
  [
    'the timer submits what there is',
    { numDigits: 4 },
    'P12T',
    ['startTimer', 'startTimer', 'startTimer', 'stopTimer', 'submit 12|'],
  ],
  ['numDigits submits', { numDigits: 2 }, 'P12', ['startTimer', 'startTimer', 'stopTimer', 'submit 12|']],
  ['numDigits inside the prompt', { numDigits: 1 }, '1', ['cutPrompt', 'stopTimer', 'submit 1|']],
  [
    'the finish key submits',
    {},
    'P12#',
    ['startTimer', 'startTimer', 'startTimer', 'stopTimer', 'submit 12|#'],
  ],
  ['the finish key alone falls through', {}, 'P#', ['startTimer', 'stopTimer', 'fallThrough']],
  ['…at once, prompt or not', {}, '#', ['cutPrompt', 'stopTimer', 'fallThrough']],
  ['…or submits nothing', { actionOnEmptyResult: true }, 'P#', ['startTimer', 'stopTimer', 'submit |#']],
  [
    'no finish key: # is a digit',
    { finishOnKey: '', numDigits: 2 },
    'P1#',
    ['startTimer', 'startTimer', 'stopTimer', 'submit 1#|'],
  ],
  [
    'another finish key',
    { finishOnKey: '*' },
    'P1#*',
    ['startTimer', 'startTimer', 'startTimer', 'stopTimer', 'submit 1#|*'],
  ],
  [
    'without barge-in the prompt is heard out',
    { bargeIn: false, numDigits: 1 },
    '1P',
    ['stopTimer', 'submit 1|'],
  ],
  ['…and what it takes is limited', { bargeIn: false, numDigits: 1 }, '12P', ['stopTimer', 'submit 1|']],
  ['after the end nothing matters', { numDigits: 1 }, '1234T#P', ['cutPrompt', 'stopTimer', 'submit 1|']],
])('%s', (_, config, script, effects) => {
  expect(run(config, script)).toEqual(effects);
});

test('any sequence that has a timeout after the prompt ends it, once', () => {
  const letters = fastCheck.array(fastCheck.constantFrom(...'0123456789*#PT'), { maxLength: 20 });
  fastCheck.assert(
    fastCheck.property(
      letters,
      fastCheck.boolean(),
      fastCheck.integer({ min: 1, max: 4 }),
      (script, bargeIn, numDigits) => {
        const effects = run({ bargeIn, numDigits }, `${script.join('')}PT`);
        expect(effects.filter(effect => /^(submit|fallThrough)/.test(effect))).toHaveLength(1);
        expect(effects.filter(effect => effect === 'cutPrompt').length).toBeLessThanOrEqual(1);
      },
    ),
  );
});

describe('on a call', () => {
  let customer: Customer;
  beforeAll(async () => {
    customer = await Customer.start({ speed: 10 });
  });
  beforeEach(async () => {
    await customer.clear();
    customer.documents.set('/tone.wav', {
      type: 'audio/wav',
      body: wavFile(mulawSine(500, 2_000), 7, 8_000),
    });
    customer.documents.set('/digits', '<Response><Hangup/></Response>');
  });
  afterAll(async () => await customer.close());

  const TO = '+41793026727';

  async function gather(attributes: string, keys: unknown[], after = '<Redirect>/fell</Redirect>') {
    customer.documents.set('/fell', '<Response/>');
    customer.documents.set(
      '/answer',
      `<Response><Gather action="/digits" ${attributes}><Play>tone.wav</Play><Pause length="1"/></Gather>${after}</Response>`,
    );
    await customer.phone(TO, { keys });
    const call = await customer.ended(await customer.call(TO));
    return {
      call,
      digits: customer.callbacks('/digits').map(({ params }) => params.Digits),
      fell: customer.callbacks('/fell').length,
      heard: sounds(await customer.recording(call.id)),
    };
  }

  test('a key during the prompt cuts it and goes to the action', async () => {
    const { digits, fell, heard, call } = await gather('numDigits="1"', [{ at: { ms: 1_000 }, keys: '7' }]);
    expect({ digits, fell }).toEqual({ digits: ['7'], fell: 0 });
    expect(heard).toHaveLength(1);
    expect(heard[0]!.endMs).toBeLessThan(1_100);
    expect(call.keys).toEqual([{ key: '7', ms: 1_000 }]);
    expect(customer.callbacks('/digits')[0]!.params).toMatchObject({
      CallStatus: 'in-progress',
      msg: 'Gather End',
    });
  });

  test('the timer starts when the prompt ends', async () => {
    const { digits, fell, call } = await gather('timeout="2"', []);
    expect({ digits, fell }).toEqual({ digits: [], fell: 1 });
    // 2 s of tone, 1 s of pause, 2 s of waiting, and the webhooks.
    expect(call.secondsRecorded).toBeGreaterThanOrEqual(5);
    expect(call.secondsRecorded).toBeLessThan(6.5);
  });

  test('several digits, then the finish key', async () => {
    const { digits } = await gather('timeout="1"', [{ at: { ms: 2_500 }, keys: '1234#' }]);
    expect(digits).toEqual(['1234']);
  });

  test('a silent listener goes to the action where it is asked for', async () => {
    const { digits, fell } = await gather('timeout="1" actionOnEmptyResult="true"', []);
    expect({ digits, fell }).toEqual({ digits: [''], fell: 0 });
  });

  test('without an action the current document is asked again', async () => {
    let asked = 0;
    customer.documents.set('/answer', () =>
      ++asked === 1 ? '<Response><Gather numDigits="1" timeout="1"/></Response>' : '<Response/>',
    );
    await customer.phone(TO, { keys: [{ at: { ms: 300 }, keys: '3' }] });
    await customer.ended(await customer.call(TO, { url: `${customer.url}/answer?a=1` }));
    expect(customer.callbacks('/answer').map(({ params }) => [params.a, params.Digits])).toEqual([
      ['1', undefined],
      ['1', '3'],
    ]);
  });

  test('hanging up inside ends it without the action', async () => {
    await customer.phone(TO, {});
    customer.documents.set('/answer', '<Response><Gather action="/digits" timeout="60"/></Response>');
    const sid = await customer.call(TO);
    await expect.poll(async () => (await customer.get(sid)).state).toBe('answered');
    await customer.control('POST', `/calls/${sid}/hangup`);
    await customer.ended(sid);
    expect(customer.callbacks('/digits')).toEqual([]);
  });
});
