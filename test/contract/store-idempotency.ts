import { createHash } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import type { Store } from '../../src/store/store.ts';
import { tally, times, type Current } from '../support/store-fixtures.ts';

const DAY = 86_400_000;
const hashOf = (value: string): string => createHash('sha256').update(value).digest('hex');
const NAME = { account: 'account', keyHash: hashOf('key') };
const FINGERPRINT = hashOf('POST /v1/verifications {}');

type Open = Parameters<Store['openIdempotency']>[0];

export function idempotencyCases(current: Current): void {
  const open = async (options: Partial<Open> = {}) =>
    await current().store.openIdempotency({
      ...NAME,
      fingerprint: FINGERPRINT,
      subject: 'first',
      leaseMs: 2000,
      keepMs: DAY,
      ...options,
    });
  const close = async (subject = 'first', body = '{"id":"é🙂"}') =>
    await current().store.closeIdempotency({ ...NAME, subject, status: 201, body });

  describe('an idempotency key', () => {
    it('is one request’s, of 50 at once; the others find it busy', async () => {
      const claims = await Promise.all(times(50, async index => await open({ subject: `s${index}` })));
      expect(tally(claims)).toEqual({ yours: 1, busy: 49 });
      const [winner] = claims.filter(claim => claim.outcome === 'yours');
      expect(winner?.resumed).toBe(false);
      expect(winner?.subject).toMatch(/^s\d+$/);
    });

    it('gives the answer to all who ask again, through a restart', async () => {
      await open();
      await close();
      await current().reopen();
      const answers = await Promise.all(times(20, async () => await open({ subject: 'later' })));
      for (const answer of answers) {
        expect(answer).toStrictEqual({ outcome: 'done', status: 201, body: '{"id":"é🙂"}' });
      }
    });

    it('belongs to one account, one key, one request', async () => {
      await open();
      expect(await open({ account: 'other' })).toMatchObject({ outcome: 'yours' });
      expect(await open({ keyHash: hashOf('other') })).toMatchObject({ outcome: 'yours' });
      const other = { fingerprint: hashOf('another body') };
      expect(await open(other)).toStrictEqual({ outcome: 'mismatch' });
      await close();
      expect(await open(other)).toStrictEqual({ outcome: 'mismatch' });
      expect(await open()).toMatchObject({ outcome: 'done' });
    });

    it('goes to the next one when its lease is over, with the subject of the first', async () => {
      await open();
      await current().advance(1000);
      expect(await open({ subject: 'second' })).toStrictEqual({ outcome: 'busy' });
      await current().advance(1100);
      const claims = await Promise.all(times(20, async () => await open({ subject: 'second' })));
      expect(tally(claims)).toEqual({ yours: 1, busy: 19 });
      expect(claims.find(claim => claim.outcome === 'yours')).toStrictEqual({
        outcome: 'yours',
        subject: 'first',
        resumed: true,
      });
      await current().advance(2100);
      expect(await open({ fingerprint: hashOf('x') })).toStrictEqual({ outcome: 'mismatch' });
      expect(await open({ subject: 'third' })).toMatchObject({ subject: 'first', resumed: true });
      await close();
      expect(await open()).toMatchObject({ outcome: 'done' });
    });

    it('is answered once, and by its holder', async () => {
      await open();
      await close('somebody');
      expect(await open()).toStrictEqual({ outcome: 'busy' });
      await close('first', 'first answer');
      await close('first', 'second answer');
      expect(await open()).toMatchObject({ outcome: 'done', body: 'first answer' });
      // One that nobody opened stays unknown.
      await current().store.closeIdempotency({
        account: 'nobody',
        keyHash: NAME.keyHash,
        subject: 'first',
        status: 200,
        body: '',
      });
      expect(await open({ account: 'nobody' })).toMatchObject({ outcome: 'yours', resumed: false });
    });

    it('is forgotten when its request did nothing, by its holder, and not once it was answered', async () => {
      const { store } = current();
      await open();
      await store.dropIdempotency({ ...NAME, subject: 'somebody' });
      expect(await open()).toStrictEqual({ outcome: 'busy' });
      await store.dropIdempotency({ ...NAME, subject: 'first' });
      expect(await open({ subject: 'second', fingerprint: hashOf('x') })).toStrictEqual({
        outcome: 'yours',
        subject: 'second',
        resumed: false,
      });
      await close('second');
      await store.dropIdempotency({ ...NAME, subject: 'second' });
      expect(await open({ fingerprint: hashOf('x') })).toMatchObject({ outcome: 'done' });
    });

    it('is forgotten after its time, answered or not', async () => {
      const { store } = current();
      await open({ keepMs: 1500, leaseMs: 100 });
      await close();
      await open({ keepMs: 1500, leaseMs: 100, account: 'other' });
      await open({ keepMs: DAY, account: 'kept' });
      await current().advance(1600);
      await store.sweep({ retentionMs: DAY });
      const fresh = { outcome: 'yours', subject: 'new', resumed: false };
      expect(await open({ subject: 'new', fingerprint: hashOf('x') })).toStrictEqual(fresh);
      expect(await open({ subject: 'new', account: 'other' })).toStrictEqual(fresh);
      expect(await open({ account: 'kept', fingerprint: hashOf('x') })).toStrictEqual({
        outcome: 'mismatch',
      });
    });

    it('is forgotten in time without a sweep', async () => {
      await open({ keepMs: 1000 });
      await close();
      await current().advance(1100);
      expect(await open({ subject: 'new' })).toMatchObject({
        outcome: 'yours',
        subject: 'new',
        resumed: false,
      });
    });
  });
}
