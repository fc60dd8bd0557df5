import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createEspeakEngine, findEspeak, findProgram } from '../../src/speech/engines/espeak.ts';
import { startChildHelper } from '../../src/speech/engines/espeak-processes.ts';
import { readableJapanese } from '../../src/speech/engines/japanese.ts';
import type { SpeechEngine } from '../../src/speech/speech.ts';
import { FakeClock } from '../support/fake-clock.ts';

const source = findEspeak();
const program = findProgram(process.env['PATH'] ?? '');
const absent = 'eSpeak NG is not installed (npm package @echogarden/espeak-ng-emscripten)';

function voiceOf(engine: SpeechEngine, language: string) {
  return engine.voices().find(voice => voice.language === language && voice.isDefault)!;
}

/** An engine over real child processes, whose pids it tells. */
function engineWithPids(clock = systemClock) {
  const pids: number[] = [];
  const start = () => {
    const helper = startChildHelper();
    if (helper.pid !== undefined) pids.push(helper.pid);
    return helper;
  };
  const engine = createEspeakEngine({ clock, source, start });
  onTestFinished(() => engine.close());
  return { engine, pids };
}

describe.skipIf(source?.kind !== 'package')(`eSpeak in a child process (else: ${absent})`, () => {
  test('speaks, to the same samples every time', async () => {
    const { engine, pids } = engineWithPids();
    expect(pids).toHaveLength(0);
    const request = { text: 'fünf', voice: voiceOf(engine, 'de'), rate: 1 };
    const first = await engine.synthesise(request);
    await engine.synthesise({ ...request, text: 'acht' });
    const again = await engine.synthesise(request);
    expect(again).toEqual(first);
    expect(first.samples.length / first.sampleRate).toBeGreaterThan(0.2);
    expect(Math.max(...first.samples)).toBeGreaterThan(3_000);
    expect(pids).toHaveLength(1);
  });

  test('the rate changes the duration', async () => {
    const { engine } = engineWithPids();
    const voice = voiceOf(engine, 'fr');
    const text = 'Votre code est le suivant';
    const lengths: number[] = [];
    for (const rate of [0.5, 1, 2])
      lengths.push((await engine.synthesise({ text, voice, rate })).samples.length);
    expect(lengths[0]! / lengths[1]!).toBeGreaterThan(1.5);
    expect(lengths[1]! / lengths[2]!).toBeGreaterThan(1.4);
  });

  test('a child killed at work costs one clip; the next call gets a new child', async () => {
    const { engine, pids } = engineWithPids();
    const voice = voiceOf(engine, 'es');
    const dying = engine.synthesise({ text: 'uno dos tres cuatro cinco', voice, rate: 1 });
    process.kill(pids[0]!, 'SIGKILL');
    await expect(dying).rejects.toMatchObject({ name: 'SpeechError', reason: 'engine-failed' });
    const { samples } = await engine.synthesise({ text: 'cinco', voice, rate: 1 });
    expect(samples.length).toBeGreaterThan(2_000);
    expect(pids).toHaveLength(2);
  });

  test('a child killed while idle costs nothing but its restart', async () => {
    const { engine, pids } = engineWithPids();
    const voice = voiceOf(engine, 'es');
    await engine.synthesise({ text: 'cinco', voice, rate: 1 });
    process.kill(pids[0]!, 'SIGKILL');
    const attempts = [await settled(engine, voice), await settled(engine, voice)];
    expect(attempts.at(-1)).toBe('spoke');
  });

  test('a child that hangs is ended at its time', async () => {
    const clock = new FakeClock();
    const { engine, pids } = engineWithPids(clock);
    const voice = voiceOf(engine, 'it');
    const hanging = engine.synthesise({ text: 'cinque', voice, rate: 1 });
    process.kill(pids[0]!, 'SIGSTOP');
    const failed = expect(hanging).rejects.toMatchObject({ reason: 'timeout' });
    await clock.advanceAsync(15_000);
    await failed;
    expect((await engine.synthesise({ text: 'cinque', voice, rate: 1 })).samples.length).toBeGreaterThan(
      2_000,
    );
    expect(pids).toHaveLength(2);
  });

  test('markup and phoneme codes are no commands', async () => {
    const { engine } = engineWithPids();
    const voice = voiceOf(engine, 'de');
    const plain = await engine.synthesise({ text: 'eins zwei', voice, rate: 1 });
    const marked = await engine.synthesise({ text: 'eins <break time 9s> zwei', voice, rate: 1 });
    expect(marked.samples.length / marked.sampleRate).toBeLessThan(6);
    expect((await engine.synthesise({ text: '[[eins]] zwei', voice, rate: 1 })).samples).toEqual(
      plain.samples,
    );
  });

  test('every language of the table has two voices, and each says five', async () => {
    const { engine } = engineWithPids();
    const spoken = await Promise.all(
      engine.voices().map(async voice => {
        const { samples } = await engine.synthesise({ text: '5', voice, rate: 1 });
        return [voice.name, samples.some(sample => Math.abs(sample) > 3_000)] as const;
      }),
    );
    expect(spoken).toHaveLength(42);
    expect(spoken.filter(([, loud]) => !loud)).toEqual([]);
    // Each voice is some 100 ms of work, on a machine that has others to do.
  }, 60_000);
});

async function settled(engine: SpeechEngine, voice: ReturnType<typeof voiceOf>): Promise<string> {
  return engine.synthesise({ text: 'cinco', voice, rate: 1 }).then(
    () => 'spoke',
    () => 'failed',
  );
}

describe.skipIf(!program)('the espeak-ng program (else: not on the PATH)', () => {
  test('speaks through its own process, text on standard input', async () => {
    const engine = createEspeakEngine({ clock: systemClock, source: program });
    const request = { text: '-v en; $(reboot) fünf', voice: voiceOf(engine, 'de'), rate: 1 };
    const first = await engine.synthesise(request);
    expect(first.sampleRate).toBe(22_050);
    expect(Math.max(...first.samples)).toBeGreaterThan(3_000);
    expect(await engine.synthesise(request)).toEqual(first);
    await engine.close();
  });
});

describe('without eSpeak', () => {
  test('the engine has no voices', () => {
    const engine = createEspeakEngine({ clock: systemClock, source: undefined });
    expect(engine.voices()).toEqual([]);
  });

  test('a program that is not there is one failed clip', async () => {
    const missing = { kind: 'program', path: '/nowhere/espeak-ng' } as const;
    const engine = createEspeakEngine({ clock: systemClock, source: missing });
    const request = { text: 'fünf', voice: voiceOf(engine, 'de'), rate: 1 };
    await expect(engine.synthesise(request)).rejects.toMatchObject({ reason: 'engine-failed' });
    expect(findProgram('/nowhere:/nowhere/else')).toBeUndefined();
    await engine.close();
  });

  test.each([
    [1_400, undefined],
    [1_401, 'too-long'],
  ])('a text of %i characters: %s', async (length, reason) => {
    const failing = { request: async () => ({ type: 'failed' }) as const, kill: async () => undefined };
    const engine = createEspeakEngine({
      clock: systemClock,
      source: program ?? source,
      start: () => failing,
    });
    const voice = { ...createVoice(), language: 'de' };
    const attempt = engine.synthesise({ text: 'a'.repeat(length), voice, rate: 1 });
    await expect(attempt).rejects.toMatchObject({ reason: reason ?? 'engine-failed' });
  });
});

function createVoice() {
  return {
    name: 'x',
    gender: 'male',
    language: 'de',
    engine: 'espeak',
    engineVoice: 'de',
    isDefault: true,
  } as const;
}

describe('Japanese', () => {
  test.each([
    ['あなたの認証コードは', 'あなたのにんしょうコードわ'],
    ['確認番号は、五', 'かくにんばんごうわ、ご'],
    ['コードをお聞きになるには、いちを押してください。', 'コードをおききになるにわ、いちをおしてください。'],
    ['はち', 'はち'],
    ['はい', 'はい'],
    ['５', '5'],
    ['鬱 コード', '  コード'],
  ])('%s is given to eSpeak as %s', (text, expected) => {
    expect(readableJapanese(text)).toBe(expected);
  });
});
