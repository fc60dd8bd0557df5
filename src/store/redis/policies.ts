import { shardOf } from '../../domain/ids.ts';
import type { DeliveryPlan } from '../../domain/plan.ts';
import type { PlanStore, PolicyOwner } from '../plan-store.ts';
import type { Reply, ScriptRunner } from './script.ts';

/** Delivery plans of applications and of their templates, in the application's shard. */
export function createPolicies({
  scripts,
}: {
  scripts: ScriptRunner;
}): Pick<PlanStore, 'putPolicy' | 'getPolicy' | 'policyFor'> {
  const put = scripts.mutation('policy-put');
  const find = scripts.query('policy-find');

  /** The first of these that has a plan. */
  async function first(owners: readonly [PolicyOwner, ...PolicyOwner[]]): Promise<DeliveryPlan | undefined> {
    const shard = shardOf(owners[0].applicationId);
    const found = (await find(shard, owners.map(nameOf))) as readonly Reply[];
    const plan = found.find(each => each !== null);
    return plan === undefined ? undefined : (JSON.parse(String(plan)) as DeliveryPlan);
  }

  return {
    async putPolicy({ plan, ...owner }) {
      const args = [nameOf(owner), plan ? JSON.stringify(plan) : ''];
      await put({ shard: shardOf(owner.applicationId), args });
    },
    getPolicy: owner => first([owner]),
    policyFor: ({ applicationId, messageId }) => first([{ applicationId, messageId }, { applicationId }]),
  };
}

/** A blank is in no id, and behind it is nothing for the application itself. */
function nameOf({ applicationId, messageId = '' as PolicyOwner['messageId'] }: PolicyOwner): string {
  return `${applicationId} ${messageId}`;
}
