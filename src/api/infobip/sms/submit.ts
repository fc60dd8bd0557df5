import type { SubmitBulk, SubmitMessage } from '../../../delivery/messaging.ts';
import type { MessageFace, NotifyTarget, SendingSpeed } from '../../../domain/message.ts';
import { sendAtProblem, sendingSpeed, validityMs, type TimeUnit } from '../../../domain/schedule.ts';
import { rejection } from '../../../domain/status.ts';
import { fieldError } from '../../../errors.ts';
import { contentTypeOf } from '../shared/content-type.ts';
import { windowOf, type DeliveryTimeWindow } from '../shared/delivery-window.ts';
import { destinationsOf } from '../shared/destinations.ts';
import { given } from '../shared/given.ts';
import { smsContent, type AskedContent } from './content.ts';
import type { BinaryRequest, QueryMessage, TextRequest, V3Request } from './send-schemas.ts';

/** The requests of infobip-api.md 5.1 and 5.2 as the engine takes them. @throws ServiceError badRequest */

/** A message in the words of any of the calls. */
interface Asked {
  readonly destinations: readonly { to: string; messageId?: string | null }[];
  readonly sender?: string | null;
  readonly content: AskedContent;
  readonly sendAt?: number | null;
  readonly validity?: { readonly amount: number; readonly unit: TimeUnit };
  readonly window?: DeliveryTimeWindow | null;
  readonly notify?: {
    readonly url?: string | null;
    readonly contentType?: string | null;
    readonly intermediate?: boolean | null;
  };
  readonly callbackData?: string | null;
  readonly entityId?: string | null;
  readonly applicationId?: string | null;
  readonly campaignReferenceId?: string | null;
}

export function fromV3(request: V3Request, now: number): SubmitBulk {
  const { schedule } = request.options ?? {};
  assertSendAt('options.schedule.sendAt', schedule?.sendAt, now);
  return bulkOf('sms3', {
    bulkId: schedule?.bulkId,
    sendAt: schedule?.sendAt,
    speed: schedule?.sendingSpeedLimit,
    messages: request.messages.map(v3Message),
  });
}

function v3Message(message: V3Request['messages'][number]): Asked {
  const { destinations, sender, content, options, webhooks } = message;
  const { delivery } = webhooks ?? {};
  const validity = options?.validityPeriod;
  return {
    destinations,
    sender,
    content: {
      ...(content.hex == null
        ? { text: content.text ?? '' }
        : {
            binary: {
              hex: content.hex,
              dataCoding: content.dataCoding ?? 0,
              esmClass: content.esmClass ?? 0,
            },
          }),
      ...content.language,
      transliteration: content.transliteration,
      flash: options?.flash,
      indiaDlt: options?.regional?.indiaDlt,
    },
    ...(validity && { validity: { amount: validity.amount, unit: UNITS[validity.timeUnit ?? 'MINUTES'] } }),
    window: options?.deliveryTimeWindow,
    ...(delivery?.notify !== false && {
      notify: {
        url: delivery?.url,
        contentType: webhooks?.contentType,
        intermediate: delivery?.intermediateReport,
      },
    }),
    callbackData: webhooks?.callbackData,
    entityId: options?.platform?.entityId,
    applicationId: options?.platform?.applicationId,
    campaignReferenceId: options?.campaignReferenceId,
  };
}

export function fromText(request: TextRequest, now: number): SubmitBulk {
  return fromOlder(request, now, ({ text, language, transliteration, flash, regional }) => ({
    text: text ?? '',
    languageCode: language?.languageCode,
    transliteration,
    flash,
    indiaDlt: regional?.indiaDlt,
  }));
}

export function fromBinary(request: BinaryRequest, now: number): SubmitBulk {
  return fromOlder(request, now, ({ binary, flash, regional }) => ({
    binary: { hex: binary.hex, dataCoding: binary.dataCoding ?? 0, esmClass: binary.esmClass ?? 0 },
    flash,
    indiaDlt: regional?.indiaDlt,
  }));
}

function fromOlder<Message extends TextRequest['messages'][number] | BinaryRequest['messages'][number]>(
  request: Pick<TextRequest, 'bulkId' | 'sendingSpeedLimit'> & { messages: readonly Message[] },
  now: number,
  content: (message: Message) => AskedContent,
): SubmitBulk {
  const { bulkId, sendingSpeedLimit: speed, messages } = request;
  for (const [index, { sendAt }] of messages.entries()) {
    assertSendAt(`messages[${index}].sendAt`, sendAt, now);
  }
  const asked = messages.map((message): Asked => {
    const { destinations, from, sendAt, validityPeriod, deliveryTimeWindow, ...rest } = message;
    const { notifyUrl, notifyContentType, intermediateReport } = rest;
    const { callbackData, entityId, applicationId, campaignReferenceId } = rest;
    return {
      destinations,
      sender: from,
      content: content(message),
      sendAt,
      ...(validityPeriod != null && { validity: { amount: validityPeriod, unit: 'minute' } }),
      window: deliveryTimeWindow,
      notify: { url: notifyUrl, contentType: notifyContentType, intermediate: intermediateReport },
      callbackData,
      entityId,
      applicationId,
      campaignReferenceId,
    };
  });
  return bulkOf('sms2', { bulkId, speed, messages: asked });
}

/** A text that came in a query; `face` decides the shape of its reports. */
export function fromQuery(query: QueryMessage, face: 'sms2' | 'sms3', now: number): SubmitBulk {
  const { to, text, bulkId, sendAt, validityPeriod, indiaDltPrincipalEntityId: principalEntityId } = query;
  assertSendAt('sendAt', sendAt, now);
  const { flash, transliteration, languageCode, callbackData } = query;
  const { entityId, applicationId, campaignReferenceId } = query;
  const message: Asked = {
    destinations: to.map(each => ({ to: each })),
    sender: query.sender ?? query.from,
    content: {
      text: text ?? '',
      flash,
      transliteration,
      languageCode,
      indiaDlt:
        principalEntityId === undefined
          ? undefined
          : {
              principalEntityId,
              contentTemplateId: query.indiaDltContentTemplateId,
              telemarketerId: query.indiaDltTelemarketerId,
            },
    },
    sendAt,
    ...(validityPeriod !== undefined && { validity: { amount: validityPeriod, unit: 'minute' } }),
    notify: {
      url: query.notifyUrl,
      contentType: query.notifyContentType,
      intermediate: query.intermediateReport,
    },
    callbackData,
    entityId,
    applicationId,
    campaignReferenceId,
  };
  return bulkOf(face, { bulkId, messages: [message] });
}

function bulkOf(
  face: MessageFace,
  request: {
    bulkId?: string | null;
    sendAt?: number | null;
    speed?: { amount: number; timeUnit?: 'MINUTE' | 'HOUR' | 'DAY' | null } | null;
    messages: readonly Asked[];
  },
): SubmitBulk {
  const bulkId = given(request.bulkId);
  const speed = speedOf(request.speed);
  return {
    face,
    channel: 'sms',
    ...(bulkId !== undefined && { bulkId }),
    ...(request.sendAt != null && { sendAt: request.sendAt }),
    ...(speed && { speed }),
    messages: request.messages.map(message => submitMessage(face, message)),
  };
}

function submitMessage(face: MessageFace, asked: Asked): SubmitMessage {
  const { content, rejection: refused } = smsContent(asked.content);
  const from = given(asked.sender);
  const validity = validityMs(asked.validity, undefined);
  const { window } = asked;
  const { notify, problem } = notifyOf(face, asked.notify);
  const rejected = refused ?? problem;
  const entityId = given(asked.entityId);
  const applicationId = given(asked.applicationId);
  const campaignReferenceId = given(asked.campaignReferenceId);
  return {
    destinations: destinationsOf(asked.destinations),
    ...(from !== undefined && { from }),
    content,
    ...(asked.sendAt != null && { sendAt: asked.sendAt }),
    ...(window && { window: windowOf(window) }),
    ...(validity !== undefined && { validityMs: validity }),
    ...(notify && { notify }),
    ...(asked.callbackData != null && { callbackData: asked.callbackData }),
    ...((entityId !== undefined || applicationId !== undefined) && {
      platform: {
        ...(entityId !== undefined && { entityId }),
        ...(applicationId !== undefined && { applicationId }),
      },
    }),
    ...(campaignReferenceId !== undefined && { campaignReferenceId }),
    ...(rejected && { rejection: rejected }),
  };
}

/** Whether the URL may be used at all is the engine's to say. */
function notifyOf(
  face: MessageFace,
  asked: Asked['notify'],
): { notify?: NotifyTarget; problem?: ReturnType<typeof rejection> } {
  const url = given(asked?.url);
  if (url === undefined) return {};
  const contentType = contentTypeOf(asked?.contentType);
  if (contentType === undefined) return { problem: rejection('REJECTED_INVALID_NOTIFY_CONTENT_TYPE') };
  const version = face === 'sms3' ? 2 : 1;
  return { notify: { url, contentType, version, intermediate: asked?.intermediate ?? false } };
}

const UNITS = {
  SECONDS: 'second',
  MINUTES: 'minute',
  HOURS: 'hour',
  MINUTE: 'minute',
  HOUR: 'hour',
  DAY: 'day',
} as const satisfies Record<string, TimeUnit>;

function speedOf(
  asked: { amount: number; timeUnit?: 'MINUTE' | 'HOUR' | 'DAY' | null } | null | undefined,
): SendingSpeed | undefined {
  return asked ? sendingSpeed(asked.amount, UNITS[asked.timeUnit ?? 'MINUTE']) : undefined;
}

function assertSendAt(field: string, sendAt: number | null | undefined, now: number): void {
  const problem = sendAt == null ? undefined : sendAtProblem(sendAt, now);
  if (problem !== undefined) throw fieldError(field, problem);
}
