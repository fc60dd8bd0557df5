import { describe, expect, it } from 'vitest';

import type { NewLookup } from '../../src/store/lookup-store.ts';
import type { Current } from '../support/store-fixtures.ts';

const KEEP_MS = 3 * 86_400_000;
const ANSWER = {
  result: { ported: true, network: { name: 'Swisscom' } },
  statusGroup: 'DELIVERED',
  mccMnc: '22801',
};

function lookups(prefix: string, count: number, fields: Partial<NewLookup> = {}): NewLookup[] {
  return Array.from({ length: count }, (_, n) => ({
    messageId: `${prefix}-${n}`,
    to: String(41_790_000_000 + n),
    ...fields,
  }));
}

/** Number lookups: what is remembered of them, and for how long. */
export function lookupCases(current: Current): void {
  const add = async (bulkId: string, added: readonly NewLookup[]): Promise<void> =>
    await current().store.addLookups({ bulkId, lookups: added, events: [], keepMs: KEEP_MS });
  const list = async (filter = {}) =>
    (await current().store.listLookups({ withinMs: KEEP_MS, limit: 1_000, ...filter })).map(
      ({ messageId }) => messageId,
    );

  describe('number lookups', () => {
    it('are kept in their order, through a restart, and answered once', async () => {
      await add('B', lookups('a', 3));
      await current().store.finishLookups({ bulkId: 'B', answers: [{ messageId: 'a-1', ...ANSWER }] });
      const later = { ...ANSWER, result: {}, statusGroup: 'EXPIRED' };
      await current().store.finishLookups({
        bulkId: 'B',
        answers: [
          { messageId: 'a-1', ...later },
          { messageId: 'nobody', ...later },
        ],
      });
      // Of another bulk: not this one.
      await current().store.finishLookups({ bulkId: 'C', answers: [{ messageId: 'a-0', ...later }] });
      await current().reopen();
      const records = await current().store.lookupsOf('B');
      expect(records.map(({ messageId, to, result }) => [messageId, to, result])).toEqual([
        ['a-0', '41790000000', undefined],
        ['a-1', '41790000001', ANSWER.result],
        ['a-2', '41790000002', undefined],
      ]);
      expect(records[0]?.doneAt).toBeUndefined();
      expect(records[1]?.doneAt).toBeGreaterThanOrEqual(records[1]?.sentAt ?? Number.NaN);
      expect(await current().store.lookupsOf('C')).toEqual([]);
    });

    it('come with their events, or not at all', async () => {
      const { store } = current();
      const event = { id: 'e', type: 'customer.push', data: { url: 'https://a.example/' } };
      await store.addLookups({ bulkId: 'B', lookups: lookups('a', 1), events: [event], keepMs: KEEP_MS });
      expect((await store.claimEvents({ limit: 9, leaseMs: 1_000 })).map(({ id }) => id)).toEqual(['e']);
      const second = { ...event, id: 'f' };
      const both = [...lookups('b', 1), ...lookups('a', 1)];
      await expect(
        store.addLookups({ bulkId: 'C', lookups: both, events: [second], keepMs: KEEP_MS }),
      ).rejects.toThrow();
      expect(await store.lookupsOf('C')).toEqual([]);
      expect(await store.claimEvents({ limit: 9, leaseMs: 1_000 })).toEqual([]);
    });

    it('are listed newest first, by every filter', async () => {
      await add('B1', lookups('a', 2));
      await current().advance(1_000);
      await add('B2', lookups('b', 2, { answer: ANSWER }));
      expect(await list()).toEqual(['b-1', 'b-0', 'a-1', 'a-0']);
      expect(await list({ limit: 1 })).toEqual(['b-1']);
      expect(await list({ to: '41790000001' })).toEqual(['b-1', 'a-1']);
      expect(await list({ bulkIds: ['B1', 'none'] })).toEqual(['a-1', 'a-0']);
      expect(await list({ messageIds: ['a-0', 'b-1'] })).toEqual(['b-1', 'a-0']);
      expect(await list({ statusGroup: 'DELIVERED' })).toEqual(['b-1', 'b-0']);
      expect(await list({ statusGroup: 'PENDING', to: '41790000000' })).toEqual(['a-0']);
      expect(await list({ mcc: '228', mnc: '01' })).toEqual(['b-1', 'b-0']);
      expect(await list({ mnc: '02' })).toEqual([]);
      const [newest] = await current().store.listLookups({ withinMs: KEEP_MS, limit: 1 });
      const sentAt = newest?.sentAt ?? Number.NaN;
      expect(await list({ sentSince: sentAt })).toEqual(['b-1', 'b-0']);
      expect(await list({ sentUntil: sentAt - 1 })).toEqual(['a-1', 'a-0']);
      expect(await list({ withinMs: 500 })).toEqual(['b-1', 'b-0']);
    });

    it('are forgotten by and by', async () => {
      await add('B1', lookups('a', 2));
      await current().advance(1_500);
      await current().store.addLookups({ bulkId: 'B2', lookups: lookups('b', 1), events: [], keepMs: 1_000 });
      expect(await list()).toEqual(['b-0']);
    });
  });
}
