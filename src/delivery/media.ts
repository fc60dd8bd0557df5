import type { WebSocket } from 'ws';

import type { CallCarrier } from '../carriers/carrier.ts';
import type { CallScript, Delivery } from '../domain/types.ts';
import { background } from '../log.ts';
import { createCallSession, type SessionReport } from '../media/call-session.ts';
import { createPromptAudio, planReadings, timesOf, type PromptAudio } from '../media/prompts.ts';
import { SpeechError, type AudioPart } from '../speech/speech.ts';
import type { LiveCall } from './calls.ts';
import type { Context } from './context.ts';
import type { VoiceDelivery } from './delivery.ts';
import { maxDurationSeconds } from './dial.ts';
import { dialogConfig, drawGateKeys, expectedPrompts, promptSegments } from './script.ts';
import { spokenPin } from './spoken-pin.ts';
import { tokenHash, verified } from './webhooks.ts';

type MediaRequest = Parameters<VoiceDelivery['admitMedia']>[0];
type TakeOver = (socket: WebSocket) => void;

const TOKEN = /^[A-Za-z0-9_-]{22}$/;
/** From the admission to the finished upgrade. */
const UPGRADE_MS = 10_000;
/** Beyond the carrier's own limit, so that its end comes first. */
const SESSION_SLACK_MS = 10_000;
const INTERNAL_ERROR = 1011;

/** Lets media sockets in and puts a dialogue on each. */
export class MediaDoor {
  readonly #context: Context;
  #open = 0;
  #allClosed: (() => void)[] = [];

  constructor(context: Context) {
    this.#context = context;
  }

  /** Sockets that carry a dialogue, or are being closed after one. */
  get open(): number {
    return this.#open;
  }

  /**
   * Signature first: a forged upgrade must not burn the token. Everything that a dialogue needs is made ready here,
   * while the carrier still waits for the upgrade, so that the socket's first message is answered with sound.
   */
  async admit(request: MediaRequest): Promise<TakeOver | undefined> {
    try {
      const takeOver = await this.#admit(request);
      if (!takeOver) this.#context.count('media-refused');
      return takeOver;
    } catch (error) {
      this.#context.log.error({ err: error }, 'media socket could not be admitted');
      return undefined;
    }
  }

  /** Resolves when no socket is open. */
  async closed(): Promise<void> {
    if (this.#open > 0) await new Promise<void>(resolve => this.#allClosed.push(resolve));
  }

  async #admit(request: MediaRequest): Promise<TakeOver | undefined> {
    const { carriers, store, calls, log } = this.#context;
    const carrier = carriers.get(request.carrier);
    if (!carrier?.capabilities.media || !TOKEN.test(request.token)) return undefined;
    if (!verified(carrier, request.raw)) {
      log.warn({ carrier: carrier.name }, 'media socket with a bad signature');
      return undefined;
    }
    const delivery = await store.redeemMediaToken(tokenHash(request.token));
    if (!delivery || delivery.carrier !== carrier.name || delivery.state === 'ended') return undefined;
    const call = calls.open(delivery.callRef, false);
    if (call.admitted) return undefined;
    call.admitted = true;
    this.#context.nodes?.bus.publish({ type: 'admitted', ref: call.ref });
    const prompts = await this.#prepare(call, delivery, carrier);
    if (!prompts) return undefined;
    const upgrade = this.#context.clock.after(UPGRADE_MS, () => {
      if (!call.session && !call.settled) this.#giveUp(call, delivery, carrier, 'no-start');
    });
    return socket => {
      upgrade.cancel();
      this.#begin({ call, delivery, carrier, prompts, socket });
    };
  }

  async #prepare(
    call: LiveCall,
    delivery: Delivery,
    carrier: CallCarrier,
  ): Promise<(Prompts & { config: ReturnType<typeof dialogConfig> }) | undefined> {
    const { speech, random, log } = this.#context;
    const pin = await spokenPin(this.#context, delivery);
    if (pin === undefined) {
      // It died while the phone rang.
      this.#giveUp(call, delivery, carrier, 'pin-dead');
      return undefined;
    }
    try {
      const config = dialogConfig(delivery.script, drawGateKeys(delivery.script, random));
      const recording = await this.#recording(delivery.script);
      if (recording) return { audio: { plan: prompt => planReadings([recording], timesOf(prompt)) }, config };
      const { voice } = speech.chooseVoice(delivery.script);
      const audio = createPromptAudio(
        { speech, voice, segments: promptSegments(delivery.script, pin) },
        expectedPrompts(config),
      );
      return { audio, config };
    } catch (error) {
      const known = error instanceof SpeechError;
      log.error(
        { ref: delivery.callRef, reason: known ? error.reason : 'internal' },
        'a message cannot be spoken',
      );
      this.#giveUp(call, delivery, carrier, 'speech-failed');
      return undefined;
    }
  }

  async #recording({ audioFileUrl }: CallScript): Promise<AudioPart | undefined> {
    if (audioFileUrl === undefined) return undefined;
    const { messageCalls } = this.#context;
    if (!messageCalls) throw new SpeechError('engine-failed', 'recordings are not set up');
    return await messageCalls.recording(audioFileUrl);
  }

  #begin({ call, delivery, carrier, prompts, socket }: Beginning): void {
    const { clock, calls } = this.#context;
    const log = this.#context.log.child({ ref: delivery.callRef });
    try {
      if (call.settled || call.session) {
        socket.close();
        return;
      }
      const stream = carrier.openMedia(socket);
      call.spoken = true;
      this.#open++;
      const { callRef: ref, pinId, to } = delivery;
      const watcher = this.#context.watch?.({ ref, pinId, to, carrier: carrier.name });
      call.session = createCallSession({
        ...(watcher && { onState: state => watcher.moved(state) }),
        clock,
        log,
        stream,
        config: prompts.config,
        prompts: prompts.audio,
        carrierCallId: delivery.carrierCallId,
        answeredBy: call.answeredBy?.who,
        limits: { totalMs: maxDurationSeconds(delivery) * 1000 + SESSION_SLACK_MS },
        hangup: signal => hangUp(carrier, delivery, signal),
        onEnd: (report: SessionReport) => calls.dialogEnded(call, report),
        onClosed: () => this.#closed(),
      });
      if (call.answeredBy) call.session.answeredBy(call.answeredBy.who, call.answeredBy.greetingEnded);
    } catch (error) {
      log.error({ err: error }, 'no dialogue on a media socket');
      socket.close(INTERNAL_ERROR);
      if (call.spoken && !call.session) this.#closed();
      this.#giveUp(call, delivery, carrier, 'internal');
    }
  }

  #giveUp(call: LiveCall, delivery: Delivery, carrier: CallCarrier, cause: string): void {
    const { log, calls } = this.#context;
    background(log, 'hanging up a call without a dialogue', hangUp(carrier, delivery));
    background(log, 'writing a call off', calls.settle(call, cause));
  }

  #closed(): void {
    this.#open--;
    if (this.#open > 0) return;
    for (const resolve of this.#allClosed.splice(0)) resolve();
  }
}

interface Prompts {
  readonly audio: PromptAudio;
}

interface Beginning {
  readonly call: LiveCall;
  readonly delivery: Delivery;
  readonly carrier: CallCarrier;
  readonly prompts: Prompts & { readonly config: ReturnType<typeof dialogConfig> };
  readonly socket: WebSocket;
}

async function hangUp(carrier: CallCarrier, delivery: Delivery, signal?: AbortSignal): Promise<void> {
  if (delivery.carrierCallId !== undefined) await carrier.hangup(delivery.carrierCallId, signal);
}
