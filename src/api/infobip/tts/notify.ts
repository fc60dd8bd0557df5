import type { NotifyTarget } from '../../../domain/message.ts';
import { contentTypeOf } from '../shared/content-type.ts';
import { given } from '../shared/given.ts';
import type { AnyMessage } from './content.ts';
import { DEFAULTS } from './decisions.ts';

/** Where the report is pushed to; undefined: it is not. */
export function notifyTarget(message: AnyMessage): NotifyTarget | undefined {
  const url = given(message.notifyUrl);
  const contentType = contentTypeOf(message.notifyContentType);
  if (url === undefined || contentType === undefined) return undefined;
  const version = message.notifyContentVersion ?? DEFAULTS.notifyContentVersion;
  return { url, contentType, version, intermediate: false };
}
