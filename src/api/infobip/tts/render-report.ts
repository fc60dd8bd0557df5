import type { Message, NotifyTarget } from '../../../domain/message.ts';
import { flatReportView, reportView } from './report-views.ts';
import { renderReportXml } from '../../../delivery/push/index.ts';

/**
 * The body of a pushed report (infobip-api.md 3.7): version 2 is what `/voice/1/reports` answers, version 1 the
 * deprecated flat form, whose JSON has times as milliseconds. In XML a fact that is not known has no element.
 *
 *     const { body, contentType } = renderVoiceReport([message], message.notify);
 */
export function renderVoiceReport(
  messages: readonly Message[],
  target: Pick<NotifyTarget, 'version' | 'contentType'>,
): { body: string; contentType: NotifyTarget['contentType'] } {
  const { version, contentType } = target;
  if (contentType === 'application/xml') {
    const results = messages.map(message => (version === 1 ? flatPush(message) : reportView(message)));
    return { body: renderReportXml({ results }), contentType };
  }
  const results = messages.map(message =>
    version === 1 ? { ...flatPush(message), ...timesOf(message) } : reportView(message),
  );
  return { body: JSON.stringify({ results }), contentType };
}

/** Pushed, it has two fields more, neither of which a voice message fills. */
function flatPush(message: Message) {
  return { ...flatReportView(message), dtmfCodesAsJson: null, transcribedAudioFileUrl: null };
}

function timesOf({ voice }: Message) {
  return {
    startTime: voice?.startedAt ?? null,
    endTime: voice?.endedAt ?? null,
    answerTime: voice?.answeredAt ?? null,
  };
}
