import type { Message, NotifyTarget } from '../../../domain/message.ts';
import { renderReportXml } from '../../../delivery/push/index.ts';
import { olderReportView, reportView } from './views.ts';

/**
 * The body of a pushed report (infobip-api.md 5.3), which is what a pull answers: `/sms/3/reports` for what came by v3,
 * `/sms/1/reports` for what came by the older calls. In XML a fact that is not known has no element.
 *
 *     const { body, contentType } = renderSmsReport([message], message.face, message.notify);
 *
 * @param messages of one face: at most 100 a push, by Infobip's custom
 */
export function renderSmsReport(
  messages: readonly Message[],
  face: Message['face'],
  target: Pick<NotifyTarget, 'contentType'> = { contentType: 'application/json' },
): { body: string; contentType: NotifyTarget['contentType'] } {
  const results =
    face === 'sms3'
      ? messages.map(message => reportView(message))
      : messages.map(message => olderReportView(message));
  const { contentType } = target;
  if (contentType === 'application/xml') {
    return { body: renderReportXml({ results }), contentType };
  }
  return { body: JSON.stringify({ results }), contentType };
}
