/** Twilio's list resources: filters, and pages of at most a thousand, newest first. */

export interface ListItem {
  readonly sid: string;
  readonly to: string;
  readonly from: string;
  readonly status: string;
  /** What `StartTime` and `DateSent` compare; undefined is left out by them. */
  readonly at: Date | undefined;
}

const DEFAULT_PAGE = 50;
const MAX_PAGE = 1_000;
const DAY_MS = 86_400_000;

/**
 * One page: `key` holds the items, `next_page_uri` leads to the following one and is null on the last. A page token names
 * the item that the page before ended with, so that what arrives meanwhile shifts nothing.
 */
export function listPage<Item extends ListItem>(
  items: readonly Item[],
  list: {
    readonly key: 'calls' | 'messages';
    readonly dateField: 'StartTime' | 'DateSent';
    readonly path: string;
    readonly query: URLSearchParams;
    readonly render: (item: Item) => Record<string, unknown>;
  },
): Record<string, unknown> {
  const { key, path, query } = list;
  const size = Math.min(Math.max(1, whole(query.get('PageSize'), DEFAULT_PAGE)), MAX_PAGE);
  const found = items.filter(item => isWanted(item, query, list.dateField));
  const page = whole(query.get('Page'), 0);
  const last = query.get('PageToken')?.replace(/^PA/, '');
  const start = last === undefined ? page * size : found.findIndex(({ sid }) => sid === last) + 1;
  const shown = found.slice(start, start + size);
  const uri = (changes: Record<string, string>): string => {
    const next = new URLSearchParams(query);
    next.delete('PageToken');
    for (const [name, value] of Object.entries({ PageSize: String(size), ...changes })) next.set(name, value);
    return `${path}?${next.toString()}`;
  };
  const end = shown.at(-1);
  const more = start + size < found.length && end !== undefined;
  return {
    first_page_uri: uri({ Page: '0' }),
    end: Math.max(0, start + shown.length - 1),
    [key]: shown.map(list.render),
    previous_page_uri: page > 0 ? uri({ Page: String(page - 1) }) : null,
    uri: uri({ Page: String(page) }),
    page_size: size,
    start,
    next_page_uri: more ? uri({ Page: String(page + 1), PageToken: `PA${end.sid}` }) : null,
    page,
  };
}

function isWanted(item: ListItem, query: URLSearchParams, dateField: string): boolean {
  for (const [name, value] of [
    ['To', item.to],
    ['From', item.from],
    ['Status', item.status],
  ] as const) {
    const wanted = query.get(name);
    if (wanted !== null && wanted !== '' && wanted !== value) return false;
  }
  const day = moment(query.get(dateField));
  // `StartTime>=2026-11-21` is the name `StartTime>` with a value; likewise `<`.
  const since = moment(query.get(`${dateField}>`));
  const until = moment(query.get(`${dateField}<`));
  if (day === undefined && since === undefined && until === undefined) return true;
  if (!item.at) return false;
  const at = item.at.getTime();
  if (since !== undefined && at < since) return false;
  if (until !== undefined && at > until) return false;
  return day === undefined || (at >= day && at < day + DAY_MS);
}

/** A day (its midnight) or a moment, UTC; what is neither filters nothing. */
function moment(text: string | null): number | undefined {
  if (text === null || !/^\d{4}-\d{2}-\d{2}(T[\d:.]+Z?)?$/.test(text)) return undefined;
  const at = Date.parse(text.includes('T') && !text.endsWith('Z') ? `${text}Z` : text);
  return Number.isNaN(at) ? undefined : at;
}

function whole(text: string | null, fallback: number): number {
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) : fallback;
}
