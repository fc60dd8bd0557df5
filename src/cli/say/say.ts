import { existsSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { dialects, languageOf, toSsml, type SsmlTarget } from '../../../ivr/index.ts';
import { systemClock } from '../../clock.ts';
import { createLogger } from '../../log.ts';
import { createConditioner } from '../../speech/conditioner-worker.ts';
import { decodeMulaw } from '../../speech/g711.ts';
import { createSpeech } from '../../speech/speech-service.ts';
import { SpeechError, type Speech } from '../../speech/speech.ts';
import { encodeWav } from '../../speech/wav.ts';
import { CliError, EXIT } from '../cli-error.ts';
import { numberWithin, oneOf, placeholders, positionals, typed, usage } from '../options.ts';
import { readSecret } from '../password.ts';
import type { Terminal } from '../terminal.ts';
import { play } from './player.ts';
import { alphabetSegments, transientSegments, utterancesOf, type Speaking } from './spoken-text.ts';

const TELEPHONE_RATE = 8_000;

const help = `saypin say <text> [--pin <pin>] [-o <file> | --play | --ssml | --utterances]

Says a template as a call would, in this process: no service is needed, nobody is called. The sound is what the phone gets, 8 kHz.

  --pin <pin>          for {{pin}}; - reads it from the terminal or a line of input, so that no history and no ps shows it
  --lang <code>        en (default), de, pt-br …; --voice <name> one of its voices
  --rate <number>      0.5 to 2, 1 is normal
  --var <name=value>   for {{name}}; may be repeated
  --times <n>          readings, 1 to 5; --digit-pause <ms> between the symbols of the PIN, 0 to 2000
  --spelling phonetic  "B as in Bravo"
  -o, --output <file>  a WAV, mode 0600; - writes it to the output
  --play               through aplay, afplay, ffplay or sox, whichever is there
  --ssml               prints the SSML instead; --dialect generic (default), twilio-polly, alexa, google
  --utterances         prints what is said, piece by piece
  --json               what was made, or the pieces, as JSON

Neither the text nor the PIN is kept anywhere. The clips of the whole alphabet are, in DATA_DIR/clips where that folder is, so that
the next one is fast.
`;

const OPTIONS = {
  pin: { type: 'string' },
  lang: { type: 'string' },
  voice: { type: 'string' },
  rate: { type: 'string' },
  var: { type: 'string', multiple: true },
  times: { type: 'string' },
  'digit-pause': { type: 'string' },
  spelling: { type: 'string' },
  output: { type: 'string', short: 'o' },
  play: { type: 'boolean' },
  ssml: { type: 'boolean' },
  dialect: { type: 'string' },
  utterances: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals: given } = typed(() =>
    parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true }),
  );
  const [text = ''] = positionals('say', given, ['the text']);
  const { output, json = false } = values;
  const heard = output !== undefined || values.play === true;
  if ([heard, values.ssml, values.utterances].filter(Boolean).length !== 1)
    throw usage('"say" needs one of -o <file> or --play, --ssml, --utterances');
  if (output === '-' && json)
    throw usage('-o - writes the sound to the output, and --json has no place there');
  const language = languageOf(values.lang ?? 'en');
  if (!language) throw usage(`--lang ${JSON.stringify(values.lang)} is not a language that Saypin speaks`);
  const dialect = oneOf('--dialect', values.dialect ?? 'generic', Object.keys(dialects) as SsmlTarget[]);
  const speaking: Speaking = {
    text,
    placeholders: placeholders(values.var ?? []),
    language,
    rate: numberWithin('--rate', values.rate ?? '1', 0.5, 2),
    times: Math.round(numberWithin('--times', values.times ?? '1', 1, 5)),
    spelling: oneOf('--spelling', values.spelling ?? 'letters', ['letters', 'phonetic']),
    ...(values['digit-pause'] !== undefined && {
      digitPauseMs: numberWithin('--digit-pause', values['digit-pause'], 0, 2_000),
    }),
    pin: values.pin === '-' ? await readSecret(terminal.input, terminal.error, 'PIN') : (values.pin ?? ''),
  };
  const utterances = utterancesOf(speaking);
  const print = (document: unknown, plain: string): number => {
    terminal.out(json ? `${JSON.stringify(document, null, 2)}\n` : plain);
    return EXIT.done;
  };
  if (values.ssml) {
    const ssml = toSsml(utterances, dialect, speaking);
    return print({ ssml }, `${ssml}\n`);
  }
  if (values.utterances) {
    const pieces = transientSegments(utterances, speaking).map(segment =>
      segment.kind === 'silence'
        ? { silenceMs: segment.ms }
        : { text: segment.text, language: segment.language, rate: segment.rate, pin: segment.pin },
    );
    return print({ pieces }, pieces.map(piece => `${line(piece)}\n`).join(''));
  }
  const { wav, ...made } = await speak(speaking, values.voice, terminal);
  if (made.fallback !== undefined) terminal.error(`${made.fallback}\n`);
  if (output === '-') terminal.out(wav);
  else if (output !== undefined) write(output, wav);
  if (values.play) await play(wav, terminal.environment);
  if (json) return print({ ...made, ...(output !== undefined && { file: output }) }, '');
  if (output !== undefined && output !== '-')
    terminal.error(`${output}: ${made.seconds.toFixed(1)} s, ${made.language}, spoken by ${made.voice}\n`);
  return EXIT.done;
}

export const say = { help, run };

interface Made {
  readonly wav: Uint8Array;
  readonly seconds: number;
  readonly language: string;
  readonly voice: string;
  readonly rate: number;
  readonly fallback?: string;
}

async function speak(speaking: Speaking, voiceName: string | undefined, terminal: Terminal): Promise<Made> {
  const dataDir = terminal.environment['DATA_DIR'] || 'data';
  const makeClip = createConditioner();
  const speech = createSpeech({
    dataDir,
    clock: systemClock,
    log: createLogger('silent'),
    // No call is live here that this could hold up, and a worker takes a while to start.
    condition: async raw => makeClip(raw),
  });
  try {
    const { language } = speaking;
    const { voice, fallback } = speech.chooseVoice({
      language,
      ...(voiceName !== undefined && { voiceName }),
    });
    // A folder that is not there is not made: `say` is not the service.
    if (existsSync(dataDir)) await speech.prewarm(alphabetSegments(speaking), voice);
    const segments = transientSegments(utterancesOf(speaking), speaking);
    const samples = await render(speech, segments, voice);
    return {
      wav: encodeWav({ sampleRate: TELEPHONE_RATE, samples }),
      seconds: samples.length / TELEPHONE_RATE,
      language,
      voice: voice.name,
      rate: speaking.rate,
      ...(fallback !== undefined && { fallback }),
    };
  } catch (error) {
    if (!(error instanceof SpeechError)) throw error;
    throw new CliError('failed', `it could not be spoken: ${error.message}`);
  } finally {
    await speech.close();
  }
}

async function render(speech: Speech, ...request: Parameters<Speech['render']>): Promise<Int16Array> {
  const parts = await speech.render(...request);
  return decodeMulaw(Buffer.concat(parts.map(({ mulaw }) => mulaw)));
}

function write(path: string, wav: Uint8Array): void {
  try {
    writeFileSync(path, wav, { mode: 0o600 });
  } catch (error) {
    throw new CliError('failed', (error as Error).message);
  }
}

function line(piece: { silenceMs: number } | { text: string; language: string; rate: number }): string {
  if ('silenceMs' in piece) return `          ${piece.silenceMs} ms of silence`;
  return `${piece.language.padEnd(5)} ${piece.rate.toFixed(2)} ${piece.text}`;
}
