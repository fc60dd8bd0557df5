import { isLanguage } from '../../../ivr/index.ts';
import type { Clock } from '../../clock.ts';
import { createLogger } from '../../log.ts';
import { createConditioner } from '../../speech/conditioner-worker.ts';
import { createSpeech } from '../../speech/speech-service.ts';
import { SpeechError } from '../../speech/speech.ts';
import { canonicalLanguage } from '../../speech/voices.ts';
import type { Findings } from './finding.ts';

/** Whether each configured language has a voice here, and whether that voice makes a sound. */
export async function checkVoices(
  languages: readonly string[],
  deps: { dataDir: string; clock: Clock; findings: Findings },
): Promise<void> {
  const { dataDir, clock, findings } = deps;
  const makeClip = createConditioner();
  const speech = createSpeech({
    dataDir,
    clock,
    log: createLogger('silent'),
    condition: async raw => makeClip(raw),
  });
  try {
    for (const language of new Set(languages)) {
      try {
        const { voice } = speech.chooseVoice({ language });
        await speech.render(
          [{ kind: 'speech', text: '1', language, rate: 1, cache: 'transient', pin: false }],
          voice,
        );
        findings.ok(`${language}: ${voice.name}`);
      } catch (error) {
        if (!(error instanceof SpeechError)) throw error;
        const text =
          error.reason === 'unsupported-language'
            ? `no voice here speaks "${language}"`
            : `the voice of "${language}" makes no sound: ${error.message}`;
        findings.error(text, adviceFor(language));
      }
    }
  } finally {
    await speech.close();
  }
}

function adviceFor(language: string): string {
  const known = canonicalLanguage(language);
  if (!isLanguage(known))
    return 'take it out of voice.languages and voice.defaultLanguage: Saypin does not speak it';
  return (
    'install the optional package (npm ci without --omit=optional) or the program espeak-ng, or take it out of voice.languages ' +
    'and voice.defaultLanguage'
  );
}
