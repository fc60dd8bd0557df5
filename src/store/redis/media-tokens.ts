import { shardOf } from '../../domain/ids.ts';
import type { CallRef } from '../../domain/types.ts';
import { ServiceError } from '../../errors.ts';
import type { Store } from '../store.ts';
import { readRest, type CallRest } from './bearer-info.ts';
import { shardOfId } from './keys.ts';
import { deliveryOf, tokenOf } from './records.ts';
import type { ScriptRunner } from './script.ts';
import type { Words } from './words.ts';

/**
 * One-use tokens of media sockets. A token lies in the shard of its hash and names its call; the call names its one token.
 * Written in that order, so that a crash between the two leaves a token that opens nothing.
 */
export function createMediaTokens({
  scripts,
  words,
}: {
  scripts: ScriptRunner;
  words: Words;
}): Pick<Store, 'issueMediaToken' | 'redeemMediaToken'> {
  const put = scripts.mutation('token-put');
  const name = scripts.mutation('token-name');
  const take = scripts.mutation('token-take');

  return {
    async issueMediaToken({ ref, tokenHash, expiresInMs }) {
      await put({ shard: shardOf(tokenHash), args: [tokenHash, ref, Math.ceil(expiresInMs)] });
      const named = await name({ shard: shardOfId(ref), args: [ref, tokenHash] });
      if (named !== 1) throw new ServiceError('notFound');
    },

    async redeemMediaToken(tokenHash) {
      const ref = await take({ shard: shardOf(tokenHash), args: [tokenHash] });
      if (ref === null) return undefined;
      const callRef = String(ref) as CallRef;
      const shard = shardOfId(callRef);
      const [lines, info] = await scripts.texts(shard, `d:${callRef}`, `id:${callRef}`);
      if (!lines || !info || tokenOf(lines) !== tokenHash) return undefined;
      return deliveryOf(callRef, lines, readRest<CallRest>(await words.complete(shard, info)));
    },
  };
}
