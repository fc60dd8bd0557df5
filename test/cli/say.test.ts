import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { decodeWav, Ear } from '../../sip-sim/ear.ts';
import { recordCanary } from '../support/service.ts';
import { inputOf, saypin, saypinAt } from './rig.ts';

let folder: string;
let environment: Record<string, string>;
let ear: Ear;
beforeAll(async () => {
  // Searched for PINs when the run is over.
  const root = process.env['SAYPIN_TEST_RUN'] ?? tmpdir();
  mkdirSync(root, { recursive: true });
  folder = mkdtempSync(join(root, 'say-'));
  environment = { DATA_DIR: join(folder, 'data') };
  mkdirSync(environment['DATA_DIR']!, { mode: 0o700 });
  ear = await Ear.create();
});

const TEXT = 'Your code is,, {{pin}}';
const clips = (): readonly string[] => {
  const path = join(environment['DATA_DIR']!, 'clips');
  return existsSync(path) ? readdirSync(path).toSorted() : [];
};

function loudness(samples: Float64Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}

describe('saypin say', () => {
  it('writes the sound of a call, in which the digits are heard', async () => {
    const file = join(folder, 'out.wav');
    const argv = ['say', TEXT, '--pin', '584207', '--rate', '0.7', '-o', file];
    const said = await saypin(argv, environment);
    expect([said.code, said.out]).toStrictEqual([0, '']);
    expect(said.error).toMatch(/out\.wav: \d+\.\d s, en, spoken by rms\n$/);
    const wav = readFileSync(file);
    // RIFF, PCM, mono, 8 kHz, 16 bits.
    expect([
      wav.readUInt16LE(20),
      wav.readUInt16LE(22),
      wav.readUInt32LE(24),
      wav.readUInt16LE(34),
    ]).toStrictEqual([1, 1, 8_000, 16]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const samples = decodeWav(wav);
    const seconds = samples.length / 8_000;
    // Two commas are a second of silence, and behind each of six digits are 0.4 s.
    expect(seconds).toBeGreaterThan(1 + 6 * 0.4 + 3);
    expect(seconds).toBeLessThan(14);
    expect(loudness(samples)).toBeGreaterThan(0.03);
    expect(loudness(samples)).toBeLessThan(0.3);
    expect(ear.listen(wav).readings).toStrictEqual(['584207']);

    const before = performance.now();
    await saypin(argv, environment);
    process.stdout.write(
      `  say, clips warm, in this process: ${Math.round(performance.now() - before)} ms\n`,
    );
    expect(readFileSync(file).equals(wav)).toBe(true);
  });

  it('keeps clips of the whole alphabet, none of the text, and nothing of which digits there were', async () => {
    recordCanary('90817253');
    await saypin(['say', TEXT, '--pin', '1', '--rate', '1.3', '-o', join(folder, 'one.wav')], environment);
    const after = clips();
    const said = await saypin(
      [
        'say',
        `Locked: 90817253. ${TEXT}`,
        '--pin',
        '90817253',
        '--rate',
        '1.3',
        '-o',
        join(folder, 'two.wav'),
      ],
      environment,
    );
    expect(said.code).toBe(0);
    expect(said.error).not.toContain('90817253');
    expect(after.length).toBeGreaterThanOrEqual(10);
    expect(clips()).toStrictEqual(after);
    await saypin(
      ['say', '<speak><say-as interpret-as="characters">xq</say-as></speak>', '-o', join(folder, 'x.wav')],
      environment,
    );
    expect(clips()).toStrictEqual(after);
  });

  it('makes no folder where there is none', async () => {
    const nowhere = join(folder, 'nowhere');
    const said = await saypin(['say', 'Hello', '-o', join(folder, 'hello.wav')], { DATA_DIR: nowhere });
    expect(said.code).toBe(0);
    expect(existsSync(nowhere)).toBe(false);
  });

  it('writes to its output, reads twice, and takes the PIN from its input', async () => {
    const said = await saypinAt(['say', TEXT, '--pin', '-', '--times', '2', '-o', '-'], {
      environment,
      input: inputOf('319\n'),
    });
    expect([said.code, said.out, said.error]).toStrictEqual([0, '', '']);
    expect(ear.listen(said.bytes).readings).toStrictEqual(['319', '319']);
  });

  it('speaks another language with its voice, and says which voice it had to take', async () => {
    const said = await saypin(
      [
        'say',
        'Ihr Code,, {{pin}}',
        '--pin',
        '42',
        '--lang',
        'de',
        '--voice',
        'Marlene',
        '--json',
        '-o',
        join(folder, 'de.wav'),
      ],
      environment,
    );
    expect(said.code).toBe(0);
    expect(JSON.parse(said.out)).toMatchObject({
      language: 'de',
      voice: 'espeak-de-female',
      rate: 1,
      fallback: expect.stringContaining('Marlene') as string,
    });
  });

  it('plays it through the player that is there', async () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    const heard = join(folder, 'heard.wav');
    writeFileSync(join(bin, 'aplay'), `#!/bin/sh\ncat > ${heard}\n`);
    chmodSync(join(bin, 'aplay'), 0o755);
    const path = `${bin}:/bin:/usr/bin`;
    const said = await saypin(['say', TEXT, '--pin', '77', '--play'], { ...environment, PATH: path });
    expect(said).toMatchObject({ code: 0, out: '' });
    expect(ear.listen(readFileSync(heard)).readings).toStrictEqual(['77']);

    writeFileSync(join(bin, 'aplay'), '#!/bin/sh\necho "no card" >&2; exit 3\n');
    const broken = await saypin(['say', TEXT, '--pin', '77', '--play'], { ...environment, PATH: path });
    expect(broken).toMatchObject({ code: 1, error: `saypin: ${bin}/aplay: no card\n` });
    const none = await saypin(['say', TEXT, '--pin', '77', '--play'], { ...environment, PATH: folder });
    expect(none).toMatchObject({
      code: 1,
      error: expect.stringContaining('no aplay, afplay, ffplay') as string,
    });
  });

  it('prints the SSML', async () => {
    const { out } = await saypin(['say', TEXT, '--pin', '58', '--rate', '0.7', '--ssml'], environment);
    expect(out).toBe(
      "<speak><prosody rate='70%'>Your code is</prosody><break time='1000ms'/>" +
        "<prosody rate='70%'><say-as interpret-as='characters'>5</say-as></prosody><break time='400ms'/>" +
        "<prosody rate='70%'><say-as interpret-as='characters'>8</say-as></prosody><break time='400ms'/></speak>\n",
    );
    const polly = await saypin(['say', 'Hi', '--ssml', '--dialect', 'twilio-polly', '--json'], environment);
    expect(JSON.parse(polly.out)).toStrictEqual({ ssml: 'Hi' });
  });

  it('prints what is said piece by piece', async () => {
    const argv = [
      'say',
      'Dear {{name}}: {{pin}}',
      '--pin',
      '4b',
      '--var',
      'name=Ann',
      '--spelling',
      'phonetic',
    ];
    const { out } = await saypin([...argv, '--utterances', '--json'], environment);
    const { pieces } = JSON.parse(out) as { pieces: object[] };
    expect(pieces).toContainEqual({ text: 'four', language: 'en', rate: 1, pin: true });
    expect(pieces).toContainEqual({ text: 'bee as in Bravo', language: 'en', rate: 1, pin: true });
    expect(pieces).toContainEqual({ text: 'Ann', language: 'en', rate: 1, pin: false });
    const plain = await saypin([...argv, '--utterances'], environment);
    expect(plain.out).toMatch(/^en {4}1\.00 Dear\n/);
    expect(plain.out).toContain('\nen    1.00 four\n          400 ms of silence\n');
  });

  it.each([
    ['nothing to do', ['say', 'x'], /needs one of -o/],
    ['two things to do', ['say', 'x', '--ssml', '--utterances'], /needs one of -o/],
    ['no text', ['say', '--ssml'], /needs the text/],
    ['no PIN', ['say', TEXT, '--ssml'], /say which with --pin/],
    ['an odd PIN', ['say', TEXT, '--pin', '58-42', '--ssml'], /--pin must be/],
    ['an odd rate', ['say', 'x', '--rate', '3', '--ssml'], /--rate must be a number from 0.5 to 2/],
    ['an unknown language', ['say', 'x', '--lang', 'tlh', '--ssml'], /not a language/],
    ['an unknown dialect', ['say', 'x', '--dialect', 'x', '--ssml'], /one of generic, twilio-polly/],
    ['open braces', ['say', 'x {{name', '--ssml'], /braces at 3/],
    [
      'SSML that is none',
      ['say', '<speak><script/></speak>', '--ssml'],
      /SSML that cannot be spoken \(forbidden\)/,
    ],
    ['a PIN as a variable', ['say', TEXT, '--var', 'pin=1', '--ssml'], /--pin is/],
    ['JSON among sound', ['say', 'x', '-o', '-', '--json'], /has no place/],
    ['an unknown option', ['say', 'x', '--loud'], /--loud/],
  ] as const)('refuses %s', async (_what, argv, message) => {
    const ended = await saypin(argv, environment);
    expect([ended.code, ended.out]).toStrictEqual([2, '']);
    expect(ended.error).toMatch(message);
    expect(ended.error).not.toContain('58-42');
  });

  it('says so when the file cannot be written', async () => {
    const ended = await saypin(['say', 'x', '-o', join(folder, 'no', 'x.wav')], environment);
    expect(ended).toMatchObject({ code: 1, error: expect.stringMatching(/ENOENT/) as string });
  });
});
