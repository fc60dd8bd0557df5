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

/**
 * What every store must do, whatever is behind it. `open` gives a store without data. Cases that depend on time
 * use windows of a second or two and ask the harness how exact it is, so that a store on a real clock can take them.
 */
export function storeContract(name: string, open: () => Promise<StoreHarness>): void {
  describe(`store contract: ${name}`, () => {
    let harness: StoreHarness;
    beforeEach(async () => {
      harness = await open();
    });
    afterEach(async () => {
      await harness.dispose();
    });
    const current: Current = () => harness;
    catalogCases(current);
    sendCases(current);
    attemptCases(current);
    deliveryCases(current);
    queueCases(current);
    outboxCases(current);
    durabilityCases(current);
    messageCases(current);
    authCases(current);
    lookupCases(current);
    pinMessageCases(current);
    planCases(current);
    planModelCases(current);
    eventCases(current);
    idempotencyCases(current);
    modelCases(current);
  });
}
