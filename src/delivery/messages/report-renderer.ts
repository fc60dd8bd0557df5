import type { Message, NotifyTarget } from '../../domain/message.ts';
import type { Store, StoredEvent } from '../../store/store.ts';
import type { PushBody, PushRenderer } from '../push/index.ts';

/** Writes a face's report of one or more messages of that face, for one target. */
export type ReportWriter = (messages: readonly Message[], notify: NotifyTarget) => PushBody;

/**
 * The pusher's renderer of `report` events: the messages are read when the body is written, so that it tells what is
 * known then. An intermediate report that the final one has overtaken is left out.
 */
export function createReportRenderer(deps: {
  readonly store: Pick<Store, 'getMessage'>;
  readonly write: Readonly<Record<Message['channel'], ReportWriter>>;
}): PushRenderer {
  return async event => {
    const events = [event, ...(event.followers ?? [])];
    const messages = await Promise.all(events.map(each => messageOf(each, deps.store)));
    const known = messages.filter(message => message !== undefined);
    const [first] = known;
    return first?.notify && deps.write[first.channel](known, first.notify);
  };
}

async function messageOf(
  { data }: Pick<StoredEvent, 'data'>,
  store: Pick<Store, 'getMessage'>,
): Promise<Message | undefined> {
  const ref = data['messageRef'];
  const message = typeof ref === 'string' ? await store.getMessage(ref) : undefined;
  const overtaken = data['intermediate'] !== undefined && message?.state === 'done';
  return overtaken ? undefined : message;
}
