import { setImmediate as nextTurn } from 'node:timers/promises';

import { buildMessage, SsmlError } from '../../../ivr/index.ts';
import type { CallCarrier } from '../../carriers/carrier.ts';
import type { Message, Outcome, SmsContent, VoiceContent } from '../../domain/message.ts';
import { parseMsisdn, toMsisdn } from '../../domain/phone.ts';
import { checkWindow, MAX_VALIDITY_MS } from '../../domain/schedule.ts';
import { rejection } from '../../domain/status.ts';
import { SpeechError, type Speech } from '../../speech/speech.ts';
import type { NewBatch, NewBulk, NewMessage } from '../../store/message-store.ts';
import type { SubmitBulk, SubmitMessage } from '../messaging.ts';
import { spokenText } from './voice-script.ts';

type Rejection = Extract<Outcome, { kind: 'rejected' }>;

/** infobip-api.md 3.4. */
const MAX_SPOKEN_CHARACTERS = 1_400;
/** Destinations looked at in one turn of the event loop. */
const SLICE = 250;

export interface AdmissionDeps {
  readonly speech: Pick<Speech, 'chooseVoice'>;
  /** Who would take calls; undefined: nobody. */
  readonly callCarrier: () => CallCarrier | undefined;
  /** Of a message of this bulk. */
  readonly newRef: (bulkId: string) => string;
  readonly newId: () => string;
}

/** Judges each message and destination of a request, and lays the bulk out for the store. */
export async function layOut(request: SubmitBulk, deps: AdmissionDeps): Promise<NewBulk> {
  const bulkId = request.bulkId ?? deps.newId();
  const batches: NewBatch[] = [];
  const messages: NewMessage[] = [];
  for (const message of request.messages) {
    const judged = judgeMessage(request, message, deps);
    const batch = batches.length;
    batches.push(batchOf(request, message));
    for (const { to, messageId } of message.destinations) {
      if (messages.length % SLICE === SLICE - 1) await nextTurn();
      const number = parseMsisdn(to);
      const refused = judged ?? judgeDestination(to, number);
      messages.push({
        ref: deps.newRef(bulkId),
        messageId: messageId ?? deps.newId(),
        to: number ? toMsisdn(number) : to.trim(),
        batch,
        ...(refused && { rejection: refused }),
      });
    }
  }
  const { channel, face, sendAt, speed } = request;
  return {
    bulkId,
    channel,
    face,
    ...(sendAt !== undefined && { sendAt }),
    ...(speed && { speed }),
    batches,
    messages,
  };
}

function batchOf(request: SubmitBulk, message: SubmitMessage): NewBatch {
  const { content, from = '', sendAt, speed, window, retry, validityMs } = message;
  const { notify, callbackData, platform, campaignReferenceId } = message;
  // A voice message at a limited speed has no validity (infobip-api.md 3.4).
  const timeless = request.channel === 'voice' && (speed ?? request.speed) !== undefined;
  const validity = timeless ? undefined : validityMs;
  return {
    from,
    content,
    ...(sendAt !== undefined && { sendAt }),
    ...(speed && { speed }),
    ...(window && { window }),
    ...(retry && { retry }),
    ...(validity !== undefined && { validityMs: Math.min(validity, MAX_VALIDITY_MS) }),
    ...(notify && { notify }),
    ...(callbackData !== undefined && { callbackData }),
    ...(platform && { platform }),
    ...(campaignReferenceId !== undefined && { campaignReferenceId }),
  };
}

function judgeDestination(to: string, number: string | undefined): Rejection | undefined {
  if (to.trim() === '') return rejection('MISSING_TO');
  return number === undefined ? rejection('REJECTED_DESTINATION') : undefined;
}

/** What is wrong with a message whoever it is for. */
function judgeMessage(
  { channel }: SubmitBulk,
  message: SubmitMessage,
  deps: AdmissionDeps,
): Rejection | undefined {
  if (message.rejection) return message.rejection;
  const { notify, window, content } = message;
  if (notify && !isHttpUrl(notify.url)) return rejection('REJECTED_INVALID_NOTIFY_URL');
  if (window && !checkWindow(window)) return rejection('REJECTED_INVALID_DELIVERY_TIME_WINDOW');
  return channel === 'voice' && isVoice(content) ? judgeVoice(content, deps) : judgeText(content);
}

export function isVoice(content: Message['content']): content is VoiceContent {
  return 'callTransfers' in content;
}

function judgeVoice(content: VoiceContent, deps: AdmissionDeps): Rejection | undefined {
  const { text = '', audioFileUrl, repeatDtmf, callTransfers, dtmfTimeoutSeconds } = content;
  const carrier = deps.callCarrier();
  if (audioFileUrl !== undefined) {
    // Carriers that read documents themselves would have to fetch it: not seen by our guard, so not offered.
    if (!isHttpUrl(audioFileUrl) || carrier?.capabilities.media === false)
      return rejection('REJECTED_INVALID_AUDIO_FILE_URL');
  } else {
    const wrong = judgeSpeech(text, content, deps, carrier);
    if (wrong) return wrong;
  }
  if (repeatDtmf !== undefined && !/^[0-9*#]{1,32}$/.test(repeatDtmf))
    return rejection('REJECTED_INVALID_DTMF_SIGN');
  if (!(dtmfTimeoutSeconds > 0)) return rejection('REJECTED_INVALID_DTMF_TIMEOUT');
  if (!(content.ringTimeoutSeconds > 0)) return rejection('REJECTED_INVALID_RING_TIMEOUT');
  if (content.callTimeoutSeconds !== undefined && !(content.callTimeoutSeconds > 0))
    return rejection('REJECTED_INVALID_CALL_TIMEOUT');
  if (callTransfers.length > 0 && carrier?.capabilities.transfer !== true)
    return rejection('REJECTED_INVALID_ACTIONS');
  return undefined;
}

function judgeSpeech(
  text: string,
  content: VoiceContent,
  { speech }: AdmissionDeps,
  carrier: CallCarrier | undefined,
): Rejection | undefined {
  try {
    const said = buildMessage({ text: spokenText(text), pin: '', placeholders: {} });
    const words = said.some(
      each =>
        (each.kind === 'words' && /[\p{L}\p{N}]/u.test(each.text)) ||
        (each.kind === 'characters' && each.symbols.length > 0),
    );
    if (!words) return rejection('REJECTED_MESSAGE_IS_EMPTY');
  } catch (error) {
    if (error instanceof SsmlError) return rejection('REJECTED_INVALID_SSML');
    throw error;
  }
  if (text.length > MAX_SPOKEN_CHARACTERS) return rejection('REJECTED_MESSAGE_TOO_LONG');
  // In markup the carrier's own voices speak.
  if (carrier?.capabilities.media === false) return undefined;
  try {
    speech.chooseVoice(content);
    return undefined;
  } catch (error) {
    if (error instanceof SpeechError) return rejection('REJECTED_UNSUPPORTED_LANGUAGE');
    throw error;
  }
}

function judgeText(content: Message['content']): Rejection | undefined {
  const { text = '', binary } = content as SmsContent;
  // No text carrier's port takes bytes.
  if (binary) return rejection('REJECTED_ROUTE_NOT_AVAILABLE');
  return text.trim() === '' ? rejection('REJECTED_MESSAGE_IS_EMPTY') : undefined;
}

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.hostname !== '';
}
