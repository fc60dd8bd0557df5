import {
  READING_GAP_MS,
  markupReport,
  markupStart,
  markupStep,
  type MarkupInput,
  type MarkupState,
  type MarkupStep,
  type MarkupTurn,
} from '../../ivr/index.ts';
import type { DialogConfig } from '../../ivr/dialog-types.ts';
import type { CallCarrier, ParsedWebhook, Step, WebhookReply } from '../carriers/carrier.ts';
import type { Delivery } from '../domain/types.ts';
import { assertNever } from '../errors.ts';
import { background } from '../log.ts';
import type { SessionReport } from '../media/call-session.ts';
import type { LiveCall } from './calls.ts';
import type { VoiceDeliveryDeps } from './context.ts';
import { dialogConfig, drawGateKeys, sayGate, sayMessage } from './script.ts';
import { spokenPin } from './spoken-pin.ts';
import { webhookUrl } from './urls.ts';

/** The dialogue between two webhooks, as it lies in the record. `turn` is in the URL of the next one. */
interface Saved {
  readonly turn: number;
  readonly gateKeys: readonly string[];
  readonly state: MarkupState;
}

/**
 * The dialogue as documents, for carriers without media streams. The document holds the PIN, so it is made, sent and
 * forgotten: never stored, never logged. Each collection's URL names its turn, so that a webhook that comes twice gets
 * the same document twice and its keys count once.
 */
export class Markup {
  readonly #deps: VoiceDeliveryDeps;

  constructor(deps: VoiceDeliveryDeps) {
    this.#deps = deps;
  }

  /** The first document of an answered call. */
  async answer(carrier: CallCarrier, delivery: Delivery, call: LiveCall): Promise<WebhookReply> {
    const saved = read(delivery);
    const gateKeys = saved?.gateKeys ?? drawGateKeys(delivery.script, this.#deps.random);
    const config = dialogConfig(delivery.script, gateKeys);
    const state = saved?.state ?? markupStart(config).state;
    const next = markupStep(state, { type: 'answered', answeredBy: call.answeredBy?.who }, config);
    return await this.#reply({ carrier, delivery, call, config, saved, next });
  }

  /** The keys of a collection, or its silence. `turn` is what the URL said. */
  async digits(
    carrier: CallCarrier,
    delivery: Delivery,
    call: LiveCall,
    request: { parsed: ParsedWebhook; turn: string | undefined },
  ): Promise<WebhookReply> {
    const saved = read(delivery);
    if (!saved) return carrier.renderScript([{ do: 'hangup' }]);
    const config = dialogConfig(delivery.script, saved.gateKeys);
    const turn = Number(request.turn);
    // The one before the last: its answer was lost, or the webhook came twice. Older ones are nobody's.
    const again = turn === saved.turn - 1;
    if (!again && turn !== saved.turn) return carrier.renderScript([{ do: 'hangup' }]);
    const next = markupStep(saved.state, again ? { type: 'answered' } : inputOf(request.parsed), config);
    return await this.#reply({ carrier, delivery, call, config, saved, next });
  }

  /** Asynchronous machine detection while documents are being read. */
  async detected(carrier: CallCarrier, delivery: Delivery, call: LiveCall): Promise<void> {
    const saved = read(delivery);
    const who = call.answeredBy?.who;
    if (!saved || who === undefined || saved.state.cause !== null) return;
    const unwanted = who === 'machine' && delivery.script.machineDetection === 'hangup';
    const state: MarkupState = unwanted
      ? { ...saved.state, answeredBy: who, at: 'ended', cause: 'machine' }
      : { ...saved.state, answeredBy: who };
    await this.#save(delivery, { ...saved, state });
    const { carrierCallId } = delivery;
    if (unwanted && carrierCallId !== undefined)
      background(this.#deps.log, 'hanging up on a machine', carrier.hangup(carrierCallId));
  }

  /** What the saved dialogue says of the call; undefined: there was none. */
  report(delivery: Delivery): SessionReport | undefined {
    const saved = read(delivery);
    if (!saved) return undefined;
    const report = markupReport(saved.state);
    return { ...report, cause: report.cause ?? (ranOut(saved.state, delivery) ? 'completed' : 'hangup') };
  }

  async #reply(turn: Turn): Promise<WebhookReply> {
    const { carrier, delivery, call, config, saved, next } = turn;
    const changed = saved === undefined || next.state !== saved.state;
    const number = (saved?.turn ?? 0) + (changed ? 1 : 0);
    const speaks = next.document.some(says);
    const pin = speaks ? await spokenPin(this.#deps, delivery) : '';
    if (pin === undefined) return carrier.renderScript([{ do: 'hangup' }]);
    if (changed) await this.#save(delivery, { turn: number, gateKeys: config.gateKeys, state: next.state });
    call.spoken ||= speaks;
    const nextUrl = `${webhookUrl(this.#deps.publicUrl, carrier.name, delivery.callRef, 'digits')}?turn=${number}`;
    return carrier.renderScript(next.document.flatMap(step => render(step, { delivery, pin, nextUrl })));
  }

  async #save(delivery: Delivery, saved: Saved): Promise<void> {
    await this.#deps.store.transition({
      ref: delivery.callRef,
      to: 'answered',
      dialog: JSON.stringify(saved),
    });
  }
}

interface Turn {
  readonly carrier: CallCarrier;
  readonly delivery: Delivery;
  readonly call: LiveCall;
  readonly config: DialogConfig;
  readonly saved: Saved | undefined;
  readonly next: MarkupTurn;
}

function read(delivery: Delivery): Saved | undefined {
  return delivery.dialog === undefined ? undefined : (JSON.parse(delivery.dialog) as Saved);
}

function inputOf({ digits }: ParsedWebhook): MarkupInput {
  return digits === undefined || digits === ''
    ? { type: 'silence' }
    : { type: 'digits', digits, complete: true };
}

/** A document that listens for nothing ends the call by itself and leaves no webhook; from any other, one hangs up. */
function ranOut({ at }: MarkupState, { script }: Delivery): boolean {
  const listens = script.repeatDtmf !== undefined || script.maxDtmf !== undefined;
  return at === 'last' || (at === 'message' && !listens);
}

function says(step: MarkupStep): boolean {
  return step.do === 'message' || (step.do === 'collect' && step.prompt.some(says));
}

interface Rendering {
  readonly delivery: Delivery;
  readonly pin: string;
  readonly nextUrl: string;
}

function render(step: MarkupStep, rendering: Rendering): Step[] {
  const { script } = rendering.delivery;
  switch (step.do) {
    case 'message': {
      const say = sayMessage(script, rendering.pin);
      const gap: Step = { do: 'pause', ms: READING_GAP_MS };
      return Array.from({ length: step.times }, (_, reading) => (reading > 0 ? [gap, say] : [say])).flat();
    }
    case 'gate':
      return [sayGate(script, step.keys)];
    case 'collect':
      return [
        {
          do: 'collect',
          prompt: step.prompt.flatMap(part => render(part, rendering)),
          maxDigits: step.maxDigits,
          finishOn: step.finishOn,
          timeoutMs: step.timeoutMs,
          nextUrl: rendering.nextUrl,
        },
      ];
    case 'pause':
    case 'hangup':
      return [step];
    default:
      return assertNever(step);
  }
}
