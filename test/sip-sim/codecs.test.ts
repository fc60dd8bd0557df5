import * as fastCheck from 'fast-check';
import { describe, expect, test } from 'vitest';
import twilio from 'twilio';

import { keyTone, resample, wavToTelephone } from '../../sip-sim/audio.ts';
import { decodeMulaw, encodeMulaw } from '../../sip-sim/g711.ts';
import { planDetection } from '../../sip-sim/machine-detection.ts';
import { PlayBuffer } from '../../sip-sim/play-buffer.ts';
import { renderSay } from '../../sip-sim/say.ts';
import { segments } from '../../sip-sim/ssml.ts';
import { parseTwiml, TwimlError, type Say, type Verb } from '../../sip-sim/twiml.ts';
import { decodeWav, encodeWav } from '../../sip-sim/wav.ts';
import { textOf } from '../../sip-sim/xml.ts';
import { mulaw, pcmBytes, share, sine, sounds, wavFile } from './customer.ts';

describe('audio', () => {
  test('mu-law agrees with its definition for every sample', () => {
    const all = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);
    const encoded = encodeMulaw(all);
    const wrong = all.filter((sample, i) => encoded[i] !== mulaw(sample));
    expect([...wrong]).toEqual([]);
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    // 0x7f and 0xff are both zero, and zero is written as 0xff.
    expect([...encodeMulaw(decodeMulaw(bytes))]).toEqual(
      [...bytes].map(byte => (byte === 0x7f ? 0xff : byte)),
    );
  });

  test('WAV round trip, and no input whatever breaks the reader', () => {
    const samples = sine(440, 100);
    expect(decodeWav(encodeWav(samples, 8_000))).toEqual({ rate: 8_000, samples });
    const start = wavFile(new Uint8Array(8), 1, 8_000);
    fastCheck.assert(
      fastCheck.property(fastCheck.uint8Array({ maxLength: 80 }), fastCheck.nat(60), (noise, at) => {
        const file = Buffer.concat([start.subarray(0, at), noise]);
        const wav = decodeWav(file);
        expect(wav === undefined || wav.samples.length <= file.length).toBe(true);
      }),
    );
  });

  test.each([
    [1, 44_100],
    [1, 16_000],
    [1, 8_000],
  ] as const)('format %i at %i Hz becomes the same tone at 8 kHz', (format, rate) => {
    const telephone = wavToTelephone(wavFile(pcmBytes(sine(1_000, 500, rate)), format, rate))!;
    expect(telephone.length).toBe(4_000);
    expect(share(decodeMulaw(telephone), 1_000)).toBeGreaterThan(0.98);
  });

  test('resampling removes what would alias', () => {
    const above = resample(sine(6_000, 500, 22_050), 22_050, 8_000);
    expect(Math.max(...above.slice(200, -200).map(Math.abs))).toBeLessThan(100);
  });

  test.each([
    ['1', 697, 1_209],
    ['5', 770, 1_336],
    ['#', 941, 1_477],
    ['D', 941, 1_633],
  ])('key %s is its two tones', (key, low, high) => {
    const samples = decodeMulaw(keyTone(key, 100));
    expect(samples).toHaveLength(800);
    expect(share(samples, low)).toBeGreaterThan(0.45);
    expect(share(samples, high)).toBeGreaterThan(0.45);
  });
});

describe('the play buffer', () => {
  const frames = (buffer: PlayBuffer, count: number): { bytes: number; marks: readonly string[] }[] =>
    Array.from({ length: count }, () => {
      const { frame, marks } = buffer.next();
      return { bytes: frame ? frame.filter(byte => byte !== 0xff).length : 0, marks };
    });

  test('a mark waits for the end of the frame that holds its last sample', () => {
    const buffer = new PlayBuffer(10);
    expect(buffer.mark('at once')).toBe(true);
    buffer.push(new Uint8Array(200).fill(1));
    expect(buffer.mark('a')).toBe(false);
    expect(frames(buffer, 3)).toEqual([
      { bytes: 160, marks: [] },
      { bytes: 40, marks: [] },
      { bytes: 0, marks: ['a'] },
    ]);
    expect(buffer.mark('b')).toBe(true);
  });

  test('a mark that comes while the last frame sounds waits for its end', () => {
    const buffer = new PlayBuffer(10);
    buffer.push(new Uint8Array(160).fill(1));
    frames(buffer, 1);
    expect(buffer.mark('a')).toBe(false);
    expect(frames(buffer, 1)).toEqual([{ bytes: 0, marks: ['a'] }]);
  });

  test('clear gives every pending mark, in order, once', () => {
    const buffer = new PlayBuffer(10);
    buffer.push(new Uint8Array(160).fill(1));
    buffer.mark('a');
    buffer.push(new Uint8Array(900).fill(1));
    buffer.mark('b');
    buffer.mark('c');
    frames(buffer, 1);
    expect(buffer.clear()).toEqual(['a', 'b', 'c']);
    expect(buffer.clear()).toEqual([]);
    expect(frames(buffer, 2)).toEqual([
      { bytes: 0, marks: [] },
      { bytes: 0, marks: [] },
    ]);
  });

  test('any mix of audio and marks: nothing lost, nothing doubled, marks in order and never early', () => {
    const item = fastCheck.oneof(fastCheck.integer({ min: 0, max: 700 }), fastCheck.constant('mark'));
    fastCheck.assert(
      fastCheck.property(fastCheck.array(item, { maxLength: 30 }), items => {
        const buffer = new PlayBuffer(1_000);
        let pushed = 0;
        let names = 0;
        const due: number[] = [];
        const returned: string[] = [];
        for (const entry of items) {
          if (typeof entry === 'number') {
            buffer.push(new Uint8Array(entry).fill(1));
            pushed += entry;
          } else {
            due.push(pushed);
            if (buffer.mark(`m${names++}`)) returned.push(`m${names - 1}`);
          }
        }
        let played = 0;
        for (let count = 0; count < pushed / 160 + 3; count++) {
          const { frame, marks } = buffer.next();
          for (const name of marks) {
            expect(played).toBeGreaterThanOrEqual(due[Number(name.slice(1))]!);
            returned.push(name);
          }
          played += frame ? frame.filter(byte => byte === 1).length : 0;
        }
        expect(played).toBe(pushed);
        expect(returned).toEqual(Array.from({ length: names }, (_, index) => `m${index}`));
      }),
    );
  });

  test('keeps to its limit', () => {
    const buffer = new PlayBuffer(1);
    expect(buffer.push(new Uint8Array(8_000))).toBe(true);
    expect(buffer.push(new Uint8Array(1))).toBe(false);
    buffer.next();
    expect(buffer.push(new Uint8Array(160))).toBe(true);
  });
});

describe('TwiML', () => {
  const parse = (build: (response: InstanceType<typeof twilio.twiml.VoiceResponse>) => void) => {
    const response = new twilio.twiml.VoiceResponse();
    build(response);
    return parseTwiml(response.toString());
  };

  test('reads what the library writes', () => {
    const { verbs, warnings } = parse(response => {
      const connect = response.connect({ action: '/after', method: 'GET' });
      const stream = connect.stream({ url: 'wss://h/m/T', name: 'otp', statusCallback: 'https://h/s' });
      stream.parameter({ name: 'callRef', value: '01J & "x"' });
      const gather = response.gather({
        action: '/digits',
        numDigits: 4,
        timeout: 7,
        finishOnKey: '',
        actionOnEmptyResult: true,
        input: ['dtmf'],
      });
      gather.say('Enter');
      gather.play('a.wav');
      gather.pause({ length: 2 });
      response.redirect({ method: 'GET' }, '/again?a=1&b=2');
      response.reject({ reason: 'busy' });
      response.hangup();
    });
    expect(warnings).toEqual([]);
    expect(verbs).toEqual<Verb[]>([
      {
        verb: 'Connect',
        action: '/after',
        method: 'GET',
        stream: {
          url: 'wss://h/m/T',
          name: 'otp',
          statusCallback: 'https://h/s',
          statusCallbackMethod: 'POST',
          parameters: { callRef: '01J & "x"' },
        },
      },
      {
        verb: 'Gather',
        action: '/digits',
        method: 'POST',
        dtmf: true,
        timeoutMs: 7_000,
        numDigits: 4,
        finishOnKey: '',
        actionOnEmptyResult: true,
        bargeIn: true,
        prompt: [
          { verb: 'Say', voice: 'man', language: undefined, loop: 1, content: ['Enter'] },
          { verb: 'Play', url: 'a.wav', digits: '', loop: 1 },
          { verb: 'Pause', ms: 2_000 },
        ],
      },
      { verb: 'Redirect', url: '/again?a=1&b=2', method: 'GET' },
      { verb: 'Reject', reason: 'busy' },
      { verb: 'Hangup' },
    ]);
  });

  test.each([
    ['<Response><Dial>+1</Dial><Hangup/></Response>', 12200, 1],
    ['<Response><Hangup now="1"/></Response>', 12200, 1],
    ['<Response>hello<Hangup/></Response>', 12200, 1],
    ['<Response><Gather numDigits="0"/></Response>', 13314, 1],
    ['<Response><Gather finishOnKey="x"/></Response>', 13310, 1],
    ['<Response><Gather><Redirect>/x</Redirect></Gather></Response>', 12200, 1],
    ['<Response><Pause length="one"/></Response>', 12200, 1],
    ['<Response><Say>a<script/></Say></Response>', 12200, 1],
    ['<Response><Say voice="Polly.Joanna"><say-as interpret-as="pin">1</say-as></Say></Response>', 12200, 1],
    ['<Response><Say voice="Polly.Joanna"><break time="11s"/>a</Say></Response>', 12200, 1],
    ['<Response><Say> </Say></Response>', 13520, 1],
    ['<Response><Connect><Stream url="wss://h/" track="both_tracks"/></Connect></Response>', 31941, 1],
  ])('%s warns %i', (document, code, verbs) => {
    const parsed = parseTwiml(document);
    expect(parsed.warnings.map(warning => warning.code)).toContain(code);
    expect(parsed.verbs).toHaveLength(verbs);
  });

  test.each([
    '',
    'text',
    '<Response>',
    '<a/>',
    '<Response/><Response/>',
    '<Response a=1/>',
    '<Response>&nbsp;</Response>',
    `${'<a>'.repeat(40)}${'</a>'.repeat(40)}`,
  ])('%s is no TwiML', document => {
    expect(() => parseTwiml(document)).toThrow(TwimlError);
  });

  test('any text in any place comes out as it went in', () => {
    const text = fastCheck
      .string({ unit: 'binary', maxLength: 40 })
      // What XML 1.0 cannot hold, the library does not remove.
      .map(value => value.replace(/[^\t\n\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, ''));
    fastCheck.assert(
      fastCheck.property(text, value => {
        const { verbs } = parse(response => {
          response.say({ voice: 'Polly.Joanna' }, value);
        });
        expect((verbs[0] as Say).content.map(textOf).join('').replaceAll('\r', '\n')).toBe(
          value.replaceAll('\r', '\n'),
        );
      }),
    );
  });

  test('SSML becomes words and exact silences', () => {
    const { verbs } = parse(response => {
      const say = response.say({ voice: 'Polly.Joanna-Neural' }, '');
      say.prosody({ rate: '80%' }, 'Your code');
      say.break({ time: '1.5s' });
      say.sayAs({ 'interpret-as': 'digits' }, '4 2');
      say.sub({ alias: 'Doctor' }, 'Dr');
      say.lang({ 'xml:lang': 'de-DE' }, 'Danke');
    });
    const cut = segments((verbs[0] as Say).content, { voice: 'Polly.Joanna-Neural', language: 'en-US' });
    expect(
      cut.map(part => (part.kind === 'silence' ? part.ms : `${part.text}/${part.language}/${part.rate}`)),
    ).toEqual([
      'Your code/en-US/0.8',
      1_500,
      '4/en-US/1',
      150,
      '2/en-US/1',
      150,
      'Doctor/en-US/1',
      'Danke/de-DE/1',
    ]);
    expect(
      segments(['a ', { name: 'break', attributes: {}, children: [] }, 'b'], {
        voice: 'alice',
        language: 'en',
      }),
    ).toHaveLength(1);
  });
});

test('without the speech program, a tone a word', async () => {
  const [verb] = parseTwiml(
    '<Response><Say voice="Polly.Amy">three short words<break time="1s"/></Say></Response>',
  ).verbs;
  const { audio, speech } = await renderSay({ speak: () => Promise.resolve(undefined) }, verb as Say);
  expect(speech).toBe(false);
  const heard = sounds(decodeMulaw(audio));
  expect(heard.map(({ startMs, endMs }) => endMs - startMs)).toEqual([180, 180, 180]);
  expect(audio.length / 8 - heard[2]!.endMs).toBe(1_120);
});

test('detection gives up as unknown when its time is over', () => {
  const options = {
    mode: 'DetectMessageEnd',
    timeoutMs: 3_000,
    speechThresholdMs: 2_400,
    speechEndThresholdMs: 1_200,
    silenceTimeoutMs: 5_000,
  } as const;
  const phone = { outcome: 'voicemail', machine: null } as const;
  expect(planDetection(phone, { ms: 10_000, beep: true }, options)).toEqual({
    answeredBy: 'unknown',
    afterMs: 3_000,
  });
});
