import { renderReportXml, type PushRenderer } from '../../../delivery/push/index.ts';
import type { LookupRecord } from '../../../store/lookup-store.ts';
import type { NumberDeps } from './context.ts';
import { SAVE_EVERY } from './decisions.ts';
import { answerOf, lookUpAll } from './lookups.ts';
import { lookupResult, type LookupResult } from './schemas.ts';

/** The `kind` of such pushes in the outbox. */
export const NUMBER_PUSH = 'number';

/** What the event says beside what the pusher reads. */
export interface NumberPushData {
  readonly bulkId: string;
}

/**
 * Writes the answer to `/number/1/notify`, in the shape of `/number/1/query`. The lookups are done here, when the push
 * is due, and written down before it is sent: a restart or a second try goes on where the first ended, and what was
 * found is not asked again.
 */
export function createNumberPushRenderer(deps: Pick<NumberDeps, 'lookup' | 'store' | 'clock'>): PushRenderer {
  const { store } = deps;
  return async ({ data }) => {
    const { bulkId, contentType } = data as Partial<NumberPushData> & { contentType?: unknown };
    if (typeof bulkId !== 'string') return undefined;
    const open = (await store.lookupsOf(bulkId)).filter(({ result }) => result === undefined);
    for (let start = 0; start < open.length; start += SAVE_EVERY) {
      const part = open.slice(start, start + SAVE_EVERY);
      const found = await lookUpAll(
        part.map(({ to }) => to),
        deps,
      );
      const answers = part.flatMap(({ messageId }, index) => {
        const result = found[index];
        return result ? [{ messageId, ...answerOf(result) }] : [];
      });
      await store.finishLookups({ bulkId, answers });
    }
    const results = (await store.lookupsOf(bulkId)).flatMap(resultOf);
    if (results.length === 0) return undefined;
    const body = { results, bulkId };
    return contentType === 'application/xml'
      ? { body: renderReportXml(body), contentType }
      : { body: JSON.stringify(body), contentType: 'application/json' };
  };
}

function resultOf({ result }: LookupRecord): LookupResult[] {
  return result === undefined ? [] : [lookupResult.parse(result)];
}
