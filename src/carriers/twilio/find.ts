import { CarrierError } from '../../errors.ts';
import type { FoundPlaced } from '../carrier.ts';
import { isRecord, refusal, type TwilioRest } from './rest.ts';

/** The two list resources (carrier-protocols.md 1.1, 1.6). */
const LISTS = {
  calls: { path: '/Calls.json', sid: /^CA[0-9a-fA-F]{32}$/ },
  messages: { path: '/Messages.json', sid: /^(?:SM|MM)[0-9a-fA-F]{32}$/ },
} as const;

/** One number is called a few times an hour; a page this full of them would be `several` anyway. */
const PAGE_SIZE = '50';

/**
 * Looks for what may have been placed without our hearing of it. Twilio keeps no reference of the client's, so the numbers
 * and the time are all there is. The time is compared here: Twilio's own filters (`StartTime`, `DateSent`) leave out
 * what is still queued, which is just what is looked for.
 * @throws CarrierError
 */
export async function findPlaced(
  rest: TwilioRest,
  list: keyof typeof LISTS,
  wanted: { to: string; from: string | undefined; since: number; signal?: AbortSignal },
): Promise<FoundPlaced> {
  const { path, sid } = LISTS[list];
  const what = `list ${list}`;
  const query = new URLSearchParams({ To: wanted.to, PageSize: PAGE_SIZE });
  if (wanted.from !== undefined) query.set('From', wanted.from);
  const { signal } = wanted;
  const reply = await rest.get({ what, path, query, ...(signal ? { signal } : {}) });
  if (reply.status !== 200) throw refusal(what, reply);
  const items = isRecord(reply.json) ? reply.json[list] : undefined;
  if (!Array.isArray(items))
    throw new CarrierError('protocol', { message: `twilio: ${what} has no ${list}` });

  // Its dates count in whole seconds.
  const since = Math.floor(wanted.since / 1000) * 1000;
  const matches = items.flatMap((item: unknown) => {
    if (!isRecord(item) || item['direction'] !== 'outbound-api' || item['to'] !== wanted.to) return [];
    const id = item['sid'];
    const created = Date.parse(String(item['date_created']));
    return typeof id === 'string' && sid.test(id) && created >= since ? [id] : [];
  });
  const [first, ...more] = matches;
  if (first === undefined) return { match: 'none' };
  return more.length === 0 ? { match: 'one', carrierId: first } : { match: 'several' };
}
