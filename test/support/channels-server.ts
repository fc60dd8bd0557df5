import { carrierWebhooks } from '../../src/api/carrier-webhooks/plugin.ts';
import type { EmailText } from '../../src/delivery/index.ts';
import { createVoiceDelivery, type StartableVoiceDelivery } from '../../src/delivery/index.ts';
import { systemRandom } from '../../src/domain/ids.ts';
import { createKeyring } from '../../src/domain/pin.ts';
import { securitySettings, type SecurityProfile } from '../../src/domain/profile.ts';
import type { E164 } from '../../src/domain/types.ts';
import { createLogger } from '../../src/log.ts';
import type { Store } from '../../src/store/store.ts';
import { voice } from '../delivery/rig.ts';
import { ApiServer } from './api-server.ts';
import type { FakeClock } from './fake-clock.ts';
import { InstantSpeech } from './instant-speech.ts';
import { ScriptedCarrier } from './scripted-carrier.ts';
import { ScriptedLookup, ScriptedMail, ScriptedTexts } from './scripted-messages.ts';

const PUBLIC_URL = 'https://pins.example.com';

/** The API over the real delivery of every channel, with scripted carriers at its far end. */
export class ChannelsServer {
  readonly calls = new ScriptedCarrier();
  readonly texts = new ScriptedTexts();
  readonly mail = new ScriptedMail();
  readonly lookup = new ScriptedLookup();
  readonly counted: string[] = [];
  api!: ApiServer;
  delivery!: StartableVoiceDelivery;
  #lines = '';

  static async start(
    options: {
      profile?: SecurityProfile;
      lookup?: false;
      channels?: false;
      emails?: ReadonlyMap<number, EmailText>;
    } = {},
  ): Promise<ChannelsServer> {
    const server = new ChannelsServer();
    const { calls, texts, mail, lookup } = server;
    const log = createLogger('trace', { write: line => void (server.#lines += line) });
    server.api = await ApiServer.start({
      ...(options.profile && { profile: options.profile }),
      wire: ({ store, clock }: { store: Store; clock: FakeClock }) => {
        server.delivery = createVoiceDelivery({
          store,
          carriers: new Map([[calls.name, calls]]),
          route: () => ({ carrier: calls.name, from: '+15005550006' as E164 }),
          ...(options.channels !== false && {
            texts: {
              carriers: new Map([[texts.name, texts]]),
              route: () => ({ carrier: texts.name, from: 'Saypin' }),
              ...(options.lookup !== false && { lookup }),
            },
            mail: {
              carrier: mail,
              from: 'pins@saypin.example',
              ...(options.emails && { templates: options.emails }),
            },
          }),
          speech: new InstantSpeech(),
          keyring: createKeyring({ keys: [{ id: 'k1', secret: Buffer.alloc(64, 7) }], current: 'k1' }),
          security: securitySettings(options.profile ?? 'compat'),
          voice,
          clock,
          random: systemRandom,
          log,
          publicUrl: PUBLIC_URL,
          retentionMs: 86_400_000,
          count: what => void server.counted.push(what),
        });
        const { delivery } = server;
        return {
          delivery,
          plugins: [
            async app =>
              await carrierWebhooks(app, {
                delivery,
                texts: [delivery],
                publicUrl: PUBLIC_URL,
                carriers: [texts.name],
                log,
              }),
          ],
        };
      },
    });
    await server.delivery.start();
    return server;
  }

  /** Everything that was logged, as one text. */
  logged(): string {
    return this.#lines + this.api.logged();
  }

  async emailTemplate(applicationId: string, body: Record<string, unknown> = {}): Promise<string> {
    const url = `/2fa/2/applications/${applicationId}/email/messages`;
    const answer = await this.api.call<{ messageId: string }>('POST', url, {
      emailTemplateId: 1234,
      ...body,
    });
    return answer.body.messageId;
  }

  async close(): Promise<void> {
    const stopping = this.delivery.stop(0);
    await this.api.clock.advanceAsync(20_000);
    await stopping;
    await this.api.close();
  }
}
