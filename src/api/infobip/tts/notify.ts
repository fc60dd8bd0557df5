import type { NotifyTarget } from '../../../domain/message.ts';
import { given, type AnyMessage } from './content.ts';
import { DEFAULTS } from './decisions.ts';

/** Where the report is pushed to; undefined: it is not. */
export function notifyTarget(message: AnyMessage): NotifyTarget | undefined {
  const url = given(message.notifyUrl);
  const contentType = contentTypeOf(message.notifyContentType);
  if (url === undefined || contentType === undefined) return undefined;
  const version = message.notifyContentVersion ?? DEFAULTS.notifyContentVersion;
  return { url, contentType, version, intermediate: false };
}

/** In any case and with any parameter; undefined: one that no report has. */
export function contentTypeOf(asked: string | null | undefined): NotifyTarget['contentType'] | undefined {
  const type = given(asked?.split(';', 1)[0])?.toLowerCase() ?? DEFAULTS.notifyContentType;
  return type === 'application/json' || type === 'application/xml' ? type : undefined;
}
