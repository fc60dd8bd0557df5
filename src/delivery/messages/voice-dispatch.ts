import type { Message, Outcome, VoiceContent } from '../../domain/message.ts';
import { newCallRef } from '../../domain/ids.ts';
import { parseMsisdn } from '../../domain/phone.ts';
import { rejection } from '../../domain/status.ts';
import type { CallScript } from '../../domain/types.ts';
import { background, maskNumber } from '../../log.ts';
import { SpeechError } from '../../speech/speech.ts';
import { dialGuard, ringGuard } from '../guards.ts';
import { promptSegments } from '../script.ts';
import type { MessagingDeps } from './context.ts';
import { afterTry } from './message-calls.ts';
import { RecordingError } from './recordings.ts';
import { scriptOf } from './voice-script.ts';

/** Turns claimed voice messages into calls. */
export class VoiceDispatch {
  readonly #deps: MessagingDeps;

  constructor(deps: MessagingDeps) {
    this.#deps = deps;
  }

  /** One write commits the call and what guards it; the carrier is asked after it. */
  async send(message: Message): Promise<void> {
    const { store, routeCall, callCarriers, calls, random, log } = this.#deps;
    const to = parseMsisdn(message.to);
    const route = to && routeCall(to);
    const carrier = route && callCarriers.get(route.carrier);
    if (!to || !route || !carrier) {
      await this.#fail(message, { kind: 'failed', carrierCode: 'carrier-missing' });
      return;
    }
    const script = scriptOf(message.content as VoiceContent);
    const unsayable = await this.#prepare(script, carrier.capabilities.media);
    if (unsayable) {
      await this.#fail(message, unsayable);
      return;
    }
    const callRef = newCallRef(random, message.ref);
    const delivery = await store.startCall({
      ref: message.ref,
      tries: message.tries,
      delivery: {
        callRef,
        pinId: undefined,
        applicationId: undefined,
        messageRef: message.ref,
        channel: 'voice',
        carrier: route.carrier,
        to,
        from: parseMsisdn(message.from) ?? route.from,
        script,
      },
      timers: [dialGuard(callRef), ringGuard(callRef, script.ringTimeoutSeconds)],
    });
    if (!delivery) {
      log.warn({ ref: message.ref, to: maskNumber(to) }, 'a message was no longer to be called');
      return;
    }
    calls.callMessage(delivery);
  }

  /** A claim that came to nothing: no call was committed, so none was placed. */
  async recover({ ref, tries }: Message): Promise<void> {
    const step = { ref, tries, to: 'scheduled', outcome: { kind: 'pending' }, refund: true } as const;
    await this.#deps.store.stepMessage(step);
  }

  /** Sound that cannot be had is better known before somebody's phone rings. */
  async #prepare(script: CallScript, media: boolean): Promise<Outcome | undefined> {
    const { speech, recordings, log } = this.#deps;
    try {
      if (script.audioFileUrl !== undefined) {
        await recordings.get(script.audioFileUrl);
      } else if (media) {
        const { voice } = speech.chooseVoice(script);
        const segments = promptSegments(script, '')({ kind: 'message', times: 1 });
        background(log, 'warming clips', speech.prewarm(segments, voice));
      }
      return undefined;
    } catch (error) {
      if (error instanceof RecordingError) {
        log.warn({ reason: error.reason }, 'an audio file cannot be played');
        return { kind: 'failed', carrierCode: error.reason };
      }
      if (error instanceof SpeechError) return rejection('REJECTED_UNSUPPORTED_LANGUAGE');
      throw error;
    }
  }

  async #fail(message: Message, outcome: Outcome): Promise<void> {
    const { store } = this.#deps;
    await store.stepMessage(afterTry(message, outcome, await store.now()));
  }
}
