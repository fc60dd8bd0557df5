import type { NotifyTarget } from '../../../domain/message.ts';
import { DEFAULT_CONTENT_TYPE } from './decisions.ts';
import { given } from './given.ts';

/** In any case and with any parameter; undefined: one that no report has. */
export function contentTypeOf(asked: string | null | undefined): NotifyTarget['contentType'] | undefined {
  const type = given(asked?.split(';', 1)[0])?.toLowerCase() ?? DEFAULT_CONTENT_TYPE;
  return type === 'application/json' || type === 'application/xml' ? type : undefined;
}
