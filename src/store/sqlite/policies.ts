import type { DatabaseSync } from 'node:sqlite';

import type { DeliveryPlan } from '../../domain/plan.ts';
import type { ApplicationId, MessageId } from '../../domain/types.ts';
import type { PolicyOwner } from '../plan-store.ts';
import { text } from './rows.ts';

/** As message id: the application itself. */
const ITSELF = '';

/** Delivery plans of applications and of their templates. */
export function createPolicies(db: DatabaseSync) {
  const put = db.prepare('INSERT OR REPLACE INTO policy (application_id, message_id, data) VALUES (?, ?, ?)');
  const remove = db.prepare('DELETE FROM policy WHERE application_id = ? AND message_id = ?');
  const find = db.prepare('SELECT data FROM policy WHERE application_id = ? AND message_id = ?');

  const get = (applicationId: ApplicationId, messageId: string): DeliveryPlan | undefined => {
    const row = find.get(applicationId, messageId);
    return row && (JSON.parse(text(row['data'])) as DeliveryPlan);
  };

  return {
    put({
      applicationId,
      messageId = ITSELF as MessageId,
      plan,
    }: PolicyOwner & { plan?: DeliveryPlan | undefined }) {
      if (plan) put.run(applicationId, messageId, JSON.stringify(plan));
      else remove.run(applicationId, messageId);
    },
    get: ({ applicationId, messageId }: PolicyOwner) => get(applicationId, messageId ?? ITSELF),
    /** The template's, else the application's. */
    for: ({ applicationId, messageId }: Required<PolicyOwner>) =>
      get(applicationId, messageId) ?? get(applicationId, ITSELF),
  };
}
