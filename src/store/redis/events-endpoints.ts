import { shardOf } from '../../domain/ids.ts';
import type { EventStore, WebhookEndpoint } from '../event-store.ts';
import { inOrder, parseDocument } from './catalog.ts';
import type { Reply, ScriptRunner } from './script.ts';

/** Few and small, and always read together. */
const SHARD = shardOf('endpoints');
const ENDPOINTS = 'endpoints';

/** Customers' addresses. */
export function createEventEndpoints({
  scripts,
}: {
  scripts: ScriptRunner;
}): Pick<EventStore, 'putEndpoint' | 'getEndpoint' | 'listEndpoints' | 'removeEndpoint'> {
  const put = scripts.mutation('put-document');
  const list = scripts.query('list-documents');
  const remove = scripts.mutation('remove-document');

  return {
    async putEndpoint(endpoint) {
      await put({ shard: SHARD, args: [ENDPOINTS, endpoint.id, JSON.stringify(endpoint)] });
    },
    async getEndpoint(id) {
      const found = await scripts.field(SHARD, ENDPOINTS, id);
      return found === null ? undefined : parseDocument<WebhookEndpoint>(found).document;
    },
    async listEndpoints() {
      return inOrder<WebhookEndpoint>((await list(SHARD, [ENDPOINTS])) as readonly Reply[]);
    },
    async removeEndpoint(id) {
      return (await remove({ shard: SHARD, args: [ENDPOINTS, id] })) === 1;
    },
  };
}
