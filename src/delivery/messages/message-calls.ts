import { outcomeOfCall } from '../../domain/status.ts';
import type { Message, Outcome, VoiceResult } from '../../domain/message.ts';
import { nextTryAt } from '../../domain/schedule.ts';
import type { CallReport, Delivery } from '../../domain/types.ts';
import { SpeechError, type Speech } from '../../speech/speech.ts';
import type { MessageStep } from '../../store/message-store.ts';
import type { Store } from '../../store/store.ts';
import type { MessageCalls } from '../context.ts';
import { promptSegments } from '../script.ts';
import { stallDelay } from './context.ts';
import type { Recordings } from './recordings.ts';

/** The carrier did not take the call, or we hung up before anybody answered: nobody was reached. */
const STALLS: ReadonlySet<string> = new Set(['carrier-unreachable', 'carrier-rate-limited', 'shutdown']);
/** The phone may have rung and been answered: a second call is worse than none. */
const UNCLEAR: ReadonlySet<string> = new Set(['carrier-unknown', 'no-callback']);
const RETRIED: ReadonlySet<Outcome['kind']> = new Set(['busy', 'no-answer', 'failed', 'unreachable']);

export interface MessageCallsDeps {
  readonly store: Pick<Store, 'getMessage' | 'now'>;
  readonly speech: Pick<Speech, 'chooseVoice' | 'renderWarm'>;
  readonly recordings: Recordings;
}

/** The words between calls and messages; made before both, since each needs the other. */
export interface MessageCallsLink extends MessageCalls {
  /** Called after the end of each message's call was written. */
  onEnded(listener: () => void): void;
}

/** What a call needs to know of the message that it brings, and what its end means for it. */
export function createMessageCalls(deps: MessageCallsDeps): MessageCallsLink {
  const listeners: (() => void)[] = [];
  return {
    async endOf(delivery, report) {
      const { messageRef } = delivery;
      const message = messageRef === undefined ? undefined : await deps.store.getMessage(messageRef);
      if (!message) return undefined;
      const voice = resultOf(delivery, report, deps);
      return { ...afterTry(message, outcomeOfCall(report), await deps.store.now()), voice };
    },
    ended() {
      for (const listener of listeners) listener();
    },
    recording: async url => await deps.recordings.get(url),
    onEnded: listener => void listeners.push(listener),
  };
}

/** Another try, as the plan says, or the end. */
export function afterTry(message: Message, outcome: Outcome, now: number): MessageStep {
  const { ref, tries, stalls = 0 } = message;
  const code = outcome.kind === 'failed' ? (outcome.carrierCode ?? '') : '';
  const stall = STALLS.has(code) ? stallDelay(stalls) : undefined;
  if (stall !== undefined) return { ref, tries, to: 'scheduled', outcome, dueInMs: stall, refund: true };
  const retried = RETRIED.has(outcome.kind) && !UNCLEAR.has(code);
  const next = retried ? nextTryAt(message, Math.max(1, tries - stalls), now) : undefined;
  if (next === undefined) return { ref, tries, to: 'done', outcome };
  return { ref, tries, to: 'scheduled', outcome, dueInMs: next - now };
}

function resultOf(delivery: Delivery, report: CallReport, deps: MessageCallsDeps): VoiceResult {
  const { answeredAt, endedAt, answeredBy } = report;
  const detected = delivery.script.machineDetection !== 'off' && answeredBy !== 'unknown';
  return {
    startedAt: delivery.createdAt,
    ...(answeredAt !== undefined && { answeredAt }),
    endedAt,
    durationSeconds: answeredAt === undefined ? 0 : Math.max(0, Math.ceil((endedAt - answeredAt) / 1000)),
    fileDurationSeconds: answeredAt === undefined ? 0 : soundSeconds(delivery, deps),
    // One by one, as Infobip's examples have them: 3, 9.
    dtmfCodes: (report.dtmfCodes.match(/[0-9*#A-D]/g) ?? []).join(', '),
    ...(detected && { answeredBy }),
  };
}

/** Of one reading, where it is still in memory. */
function soundSeconds({ script }: Delivery, { speech, recordings }: MessageCallsDeps): number {
  if (script.audioFileUrl !== undefined) return (recordings.known(script.audioFileUrl)?.ms ?? 0) / 1000;
  try {
    const segments = promptSegments(script, '')({ kind: 'message', times: 1 });
    const parts = speech.renderWarm(segments, speech.chooseVoice(script).voice);
    return (parts ?? []).reduce((sum, part) => sum + part.ms, 0) / 1000;
  } catch (error) {
    if (error instanceof SpeechError) return 0;
    throw error;
  }
}
