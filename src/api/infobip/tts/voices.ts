import { SpeechError, type Voice } from '../../../speech/speech.ts';
import { ServiceError } from '../../../errors.ts';
import { errorAnswers } from '../../openapi.ts';
import type { InfobipApp } from '../context.ts';
import { voicesAnswer } from './answer-schemas.ts';
import { languageForm } from './content.ts';
import { SEND, TAG, type TtsDeps } from './context.ts';
import { SUPPLIERS } from './decisions.ts';
import { voicesParams, voicesQuery } from './query-schemas.ts';

/** infobip-api.md 3.6: the voices that are really here, the standard one first. */
export function voiceRoutes(app: InfobipApp, deps: TtsDeps): void {
  app.route({
    method: 'GET',
    url: '/tts/3/voices/:language',
    config: { scopes: SEND },
    schema: {
      tags: [TAG],
      operationId: 'getVoices',
      summary: 'List the voices of a language',
      params: voicesParams,
      querystring: voicesQuery,
      response: { 200: voicesAnswer, ...errorAnswers(401, 403, 404, 429, 500, 503) },
    },
    handler: async request => {
      const { language } = standardVoice(deps.speech, languageForm(request.params.language));
      const voices = deps.speech.voices().filter(voice => voice.language === language);
      return {
        voices: voices
          .toSorted((a, b) => Number(b.isDefault) - Number(a.isDefault))
          .map(({ name, gender, engine, isDefault }) => ({
            name,
            gender,
            supplier: SUPPLIERS[engine] ?? engine,
            ssmlSupported: true,
            isDefault,
            isNeural: false,
          })),
      };
    },
  });
}

/** @throws ServiceError notFound: nobody here speaks it */
function standardVoice(speech: TtsDeps['speech'], language: string): Voice {
  try {
    return speech.chooseVoice({ language }).voice;
  } catch (error) {
    if (error instanceof SpeechError) throw new ServiceError('notFound', { cause: error });
    throw error;
  }
}
