import type { CallEvent, CallRequest } from './call-request.ts';
import type { Callbacks } from './callbacks.ts';
import type { SimClock } from './clock.ts';
import type { AnsweredBy } from './machine-detection.ts';
import { rfc2822 } from './wire.ts';

export interface CallCallbackDeps {
  readonly accountSid: string;
  readonly clock: SimClock;
  readonly callbacks: Callbacks;
}

/** What one call tells its customer by itself: its states, numbered, and the verdict of an asynchronous detection. */
export class CallCallbacks {
  readonly #deps: CallCallbackDeps;
  readonly #sid: string;
  readonly #request: Pick<CallRequest, 'statusCallback' | 'detection'>;
  #sequence = 0;

  constructor(
    deps: CallCallbackDeps,
    call: { sid: string; request: Pick<CallRequest, 'statusCallback' | 'detection'> },
  ) {
    this.#deps = deps;
    this.#sid = call.sid;
    this.#request = call.request;
  }

  /** Where it was asked for. @param parameters those of every webhook of the call, with `CallStatus` as this one says it */
  state(
    event: CallEvent,
    parameters: Readonly<Record<string, string>>,
    ended?: { durationSeconds: number; sipCode: number },
  ): void {
    const { clock, callbacks } = this.#deps;
    const target = this.#request.statusCallback;
    if (!target?.events.has(event)) return;
    const { url, method } = target;
    callbacks.send({
      kind: 'call-status',
      subject: this.#sid,
      url,
      method,
      parameters: {
        ...parameters,
        CallbackSource: 'call-progress-events',
        SequenceNumber: String(this.#sequence++),
        Timestamp: rfc2822(clock.wall()),
        ...(ended && {
          CallDuration: String(ended.durationSeconds),
          Duration: String(Math.ceil(ended.durationSeconds / 60)),
          SipResponseCode: String(ended.sipCode),
        }),
      },
    });
  }

  /** Who answered, `afterMs` after the answer. */
  detected({ answeredBy, afterMs }: { answeredBy: AnsweredBy; afterMs: number }): void {
    const { accountSid, callbacks } = this.#deps;
    const target = this.#request.detection?.callback;
    if (!target) return;
    callbacks.send({
      kind: 'amd-status',
      subject: this.#sid,
      ...target,
      parameters: {
        AccountSid: accountSid,
        CallSid: this.#sid,
        AnsweredBy: answeredBy,
        MachineDetectionDuration: String(Math.round(afterMs)),
      },
    });
  }
}
