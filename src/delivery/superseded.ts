import type { ApplicationId, CallRef, E164 } from '../domain/types.ts';
import type { Store } from '../store/store.ts';

/** Phones ring for a minute at most: older ones have nothing to withdraw. */
const NEWEST = 3;

export interface SupersededDeps {
  readonly store: Pick<Store, 'listVerificationRecords'>;
  readonly withdraw: (refs: readonly CallRef[]) => Promise<void>;
}

/**
 * After a new PIN was committed that supersedes a number's earlier ones: their calls are not placed any more, or hung up unless
 * somebody has answered. Should this be lost in a crash, such a call rings on, and says nothing.
 */
export async function withdrawSuperseded(
  { store, withdraw }: SupersededDeps,
  about: { readonly applicationId: ApplicationId; readonly to: E164 },
): Promise<void> {
  const { records } = await store.listVerificationRecords({ ...about, state: 'superseded', limit: NEWEST });
  const calls = records.flatMap(record => record.calls).filter(({ state }) => state !== 'ended');
  await withdraw(calls.map(({ callRef }) => callRef));
}
