import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';

import { openTestStore } from '../support/sqlite-harness.ts';
import { attempt, pinId, times } from '../support/store-fixtures.ts';

/** The medians themselves are measured by test/bench/store.ts. */
it('an attempt at an unknown pinId writes as a real one does, and leaves nothing behind that grows', async () => {
  const harness = await openTestStore();
  const reader = new DatabaseSync(harness.path, { readOnly: true });
  const tries = () => reader.prepare('SELECT tries FROM decoy WHERE id = 1').get()?.['tries'];
  await Promise.all(times(100, () => attempt(harness.store, pinId(), false)));
  expect(tries()).toBe(100);
  expect(reader.prepare('SELECT count(*) AS n FROM window_event').get()).toEqual({ n: 1 });
  reader.close();
  await harness.dispose();
});
