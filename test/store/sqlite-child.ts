/**
 * A process with a store of its own, for the tests that kill it or take its disk away: `node sqlite-child.ts <path>`.
 * Answers messages of the parent (`load`, `guess`, `create`, `ping`); under load, each acknowledgement is written to
 * stdout the moment it is known, so that a kill cannot take it back.
 */
import { writeSync } from 'node:fs';

import { systemClock } from '../../src/clock.ts';
import type { PinId } from '../../src/domain/types.ts';
import { assertNever, ServiceError } from '../../src/errors.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { attempt, pinRequest, seedFixtures, times } from '../support/store-fixtures.ts';

export type Request =
  | { readonly do: 'load' }
  | { readonly do: 'create'; readonly count: number; readonly attempts: number }
  | { readonly do: 'guess'; readonly pinId: PinId; readonly right: boolean; readonly count: number }
  | { readonly do: 'ping' };

/** Outcomes, or `unavailable`, in the order of the requests; for `create` also the pinIds. */
export interface Reply {
  readonly outcomes: readonly string[];
  readonly pinIds?: readonly string[];
}

seedFixtures(process.pid);
const store = await openSqliteStore({ path: process.argv[2] ?? '', clock: systemClock });

const outcomeOf = async (work: Promise<{ outcome: string }>): Promise<string> => {
  try {
    return (await work).outcome;
  } catch (error) {
    return error instanceof ServiceError ? error.id : String(error);
  }
};

async function load(worker: number): Promise<never> {
  for (let n = 0; ; n++) {
    const request = pinRequest({ attempts: 3, allowMultiple: false });
    const { pinId } = request.pin;
    await store.createPin({ ...request, opId: `${worker}-${n}` });
    writeSync(1, `created ${pinId}\n`);
    for (const right of n % 2 === 0 ? [false, true] : [false, false, false, false]) {
      const { outcome } = await attempt(store, pinId, right);
      writeSync(1, `${outcome} ${pinId}\n`);
    }
  }
}

async function answer(request: Request): Promise<Reply> {
  switch (request.do) {
    case 'create': {
      const requests = times(request.count, () =>
        pinRequest({ attempts: request.attempts, allowMultiple: false }),
      );
      const outcomes = await Promise.all(requests.map(each => outcomeOf(store.createPin(each))));
      return { outcomes, pinIds: requests.map(each => each.pin.pinId) };
    }
    case 'guess': {
      const { pinId, right, count } = request;
      return { outcomes: await Promise.all(times(count, () => outcomeOf(attempt(store, pinId, right)))) };
    }
    case 'ping':
      return { outcomes: [await outcomeOf(store.ping().then(() => ({ outcome: 'ok' })))] };
    case 'load':
      return await Promise.race(times(32, load));
    default:
      return assertNever(request);
  }
}

process.on('message', (request: Request) => {
  answer(request).then(
    reply => process.send?.(reply),
    (error: unknown) => process.send?.({ outcomes: [String(error)] }),
  );
});
process.send?.({ outcomes: ['ready'] });
