import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import * as examples from '../../../src/api/infobip/tts/examples.ts';
import { shapeOf, TtsServer } from './rig.ts';

let server: TtsServer;
beforeAll(async () => {
  server = await TtsServer.start();
});
afterAll(async () => await server.close());

interface Voices {
  voices: { name: string; gender: string; isDefault: boolean }[];
}

describe('GET /tts/3/voices/{language} (infobip-api.md 3.6)', () => {
  it('lists the voices that are here, the standard one first', async () => {
    const answer = await server.call<Voices>('GET', '/tts/3/voices/en');
    expect([answer.status, answer.body]).toStrictEqual([
      200,
      {
        voices: [
          {
            name: 'rms',
            gender: 'male',
            supplier: 'Flite',
            ssmlSupported: true,
            isDefault: true,
            isNeural: false,
          },
          {
            name: 'awb-f',
            gender: 'female',
            supplier: 'Flite',
            ssmlSupported: true,
            isDefault: false,
            isNeural: false,
          },
        ],
      },
    ]);
    expect(shapeOf({ voices: answer.body.voices.slice(0, 1) })).toStrictEqual(shapeOf(examples.voices));
  });

  it.each([
    ['de', ['espeak-de', 'espeak-de-female']],
    ['de-AT', ['espeak-de', 'espeak-de-female']],
    ['pt-br', ['Vitoria']],
    ['PT_BR', ['Vitoria']],
    ['en?includeNeural=true', ['rms', 'awb-f']],
    ['en?includeNeural=undefined', ['rms', 'awb-f']],
    ['en/?includeNeural=false', ['rms', 'awb-f']],
  ])('%s', async (path, names) => {
    const { body } = await server.call<Voices>('GET', `/tts/3/voices/${path}`);
    expect(body.voices.map(({ name }) => name)).toStrictEqual(names);
  });

  it.each(['fr', 'pt', 'klingon', '%20', '__proto__', 'x'.repeat(100)])(
    'has nobody for %s: 404',
    async language => {
      const answer = await server.call('GET', `/tts/3/voices/${language}`);
      expect(answer.status).toBe(404);
      expect(answer.body).toStrictEqual({
        requestError: {
          serviceException: { messageId: 'NOT_FOUND', text: 'Requested resource not found' },
        },
      });
    },
  );
});
