/** What docs/VOICE-TEMPLATES.md can be heard as. */
export interface Sample {
  /** In docs/sounds. */
  readonly file: string;
  readonly shows: string;
  /** `say`: what `npx saypin say` is given. `gate`: the keys that the gate's prompt asks for, in this language. */
  readonly made: { readonly say: readonly string[] } | { readonly gate: string; readonly language: 'en' };
  /** What an ear must find: each reading of a PIN of digits. Only for the English voice at its normal pitch. */
  readonly digits?: readonly string[];
}

const PLAIN = 'Your code is {{pin}}';

export const SAMPLES: readonly Sample[] = [
  {
    file: 'plain.wav',
    shows: 'a template and nothing else: 400 ms in front of the PIN and between its digits',
    made: { say: [PLAIN, '--pin', '5842'] },
    digits: ['5842'],
  },
  {
    file: 'commas.wav',
    shows: 'two commas: a second in front of the PIN, to find a pen',
    made: { say: ['Your code is,, {{pin}}', '--pin', '5842'] },
    digits: ['5842'],
  },
  {
    file: 'slow.wav',
    shows: '`speechRate` 0.7: slower words, the same pauses',
    made: { say: [PLAIN, '--pin', '5842', '--rate', '0.7'] },
    digits: ['5842'],
  },
  {
    file: 'fast.wav',
    shows: '`speechRate` 1.5',
    made: { say: [PLAIN, '--pin', '5842', '--rate', '1.5'] },
    digits: ['5842'],
  },
  {
    file: 'twice.wav',
    shows: 'the PIN twice in one template',
    made: { say: ['Code {{pin}}. Again, {{pin}}', '--pin', '58', '--digit-pause', '300'] },
    digits: ['58', '58'],
  },
  {
    file: 'name.wav',
    shows: 'a placeholder of your own',
    made: { say: ['Hello {{name}}, your code is {{pin}}', '--pin', '5842', '--var', 'name=Ann'] },
    digits: ['5842'],
  },
  {
    file: 'phonetic.wav',
    shows: 'letters by the spelling alphabet',
    made: { say: ['Code {{pin}}', '--pin', 'B7K', '--spelling', 'phonetic'] },
  },
  {
    file: 'ssml.wav',
    shows: 'SSML: the PIN slowly, a break, and normal again',
    made: {
      say: [
        '<speak>Your code: <prosody rate="slow">{{pin}}</prosody><break time="500ms"/>Goodbye.</speak>',
        '--pin',
        '5842',
        '--digit-pause',
        '300',
      ],
    },
    digits: ['5842'],
  },
  {
    file: 'german.wav',
    shows: 'German',
    made: { say: ['Ihr Code lautet {{pin}}', '--pin', '5842', '--lang', 'de'] },
  },
  {
    file: 'spanish.wav',
    shows: 'Spanish',
    made: { say: ['Su código es {{pin}}', '--pin', '5842', '--lang', 'es'] },
  },
  {
    file: 'japanese.wav',
    shows: 'Japanese',
    made: { say: ['認証コードは{{pin}}です', '--pin', '5842', '--lang', 'ja'] },
  },
  {
    file: 'gate.wav',
    shows: 'the gate, in front of the PIN (profile `strict`)',
    made: { gate: '4', language: 'en' },
  },
];
