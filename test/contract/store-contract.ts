import { afterEach, beforeEach, describe } from 'vitest';

import type { Current, StoreHarness } from '../support/store-fixtures.ts';
import { attemptCases } from './store-attempts.ts';
import { authCases } from './store-auth.ts';
import { catalogCases } from './store-catalog.ts';
import { deliveryCases } from './store-deliveries.ts';
import { durabilityCases } from './store-durability.ts';
import { eventCases } from './store-events.ts';
import { idempotencyCases } from './store-idempotency.ts';
import { lookupCases } from './store-lookups.ts';
import { messageCases } from './store-messages.ts';
import { modelCases } from './store-model.ts';
import { outboxCases } from './store-outbox.ts';
import { pinMessageCases } from './store-pin-messages.ts';
import { planModelCases } from './store-plan-model.ts';
import { planCases } from './store-plans.ts';
import { queueCases } from './store-queues.ts';
import { sendCases } from './store-sends.ts';

const CASES = {
  catalog: catalogCases,
  sends: sendCases,
  attempts: attemptCases,
  deliveries: deliveryCases,
  queues: queueCases,
  outbox: outboxCases,
  durability: durabilityCases,
  messages: messageCases,
  auth: authCases,
  lookups: lookupCases,
  pinMessages: pinMessageCases,
  plans: planCases,
  planModel: planModelCases,
  events: eventCases,
  idempotency: idempotencyCases,
  model: modelCases,
} satisfies Record<string, (current: Current) => void>;

/**
 * What every store must do, whatever is behind it. `open` gives a store without data. Cases that depend on time
 * use windows of a second or two and ask the harness how exact it is, so that a store on a real clock can take them.
 */
export function storeContract(
  name: string,
  open: () => Promise<StoreHarness>,
  { without = [] }: { without?: readonly (keyof typeof CASES)[] } = {},
): void {
  describe(`store contract: ${name}`, () => {
    let harness: StoreHarness;
    beforeEach(async () => {
      harness = await open();
    });
    afterEach(async () => {
      await harness.dispose();
    });
    const current: Current = () => harness;
    const names = Object.keys(CASES) as (keyof typeof CASES)[];
    for (const each of names.filter(one => !without.includes(one))) CASES[each](current);
  });
}
