import type { CallRef, Destination } from '../../domain/types.ts';
import type { AttemptPin, AttemptResult } from '../store.ts';
import { limitArguments, moreArgument } from './arguments.ts';
import type { GroupCommit } from './group-commit.ts';
import { shardOfId } from './keys.ts';
import { packEvents } from './outbox-events.ts';
import type { Reply } from './script.ts';

const DIGEST_BYTES = 32;

/** Verification: lua/include/commit-attempt.lua counts, compares and consumes in one step. */
export function createAttempts({ commits }: { commits: GroupCommit }) {
  return async function attemptPin(request: AttemptPin): Promise<AttemptResult> {
    const { failureCap } = request;
    const args = [
      request.pinId,
      digest(request.expected),
      digest(request.candidate),
      [...limitArguments(request.verifyLimit), ...(failureCap ? limitArguments(failureCap) : [])].join(' '),
      moreArgument(packEvents(request.events), packEvents(request.exhaustedEvents ?? [])),
    ];
    const shard = shardOfId(request.pinId);
    const reply = await commits.run({ verb: 'attempt', shard, opId: `v:${request.opId}`, args });
    return resultOf(reply as readonly Reply[]);
  };
}

/** Anything but a whole digest is like nothing. */
function digest(bytes: Buffer | undefined): string {
  return bytes?.length === DIGEST_BYTES ? bytes.toString('base64') : '';
}

function resultOf([word, second, remaining, ...live]: readonly Reply[]): AttemptResult {
  const outcome = word as AttemptResult['outcome'];
  if (outcome === 'unknown') return { outcome };
  if (outcome === 'limited') return { outcome, retryAfterMs: Number(second) };
  const rest = { to: String(second) as Destination, attemptsRemaining: Number(remaining) };
  if (outcome === 'verified') return { outcome, ...rest, live: live.map(ref => String(ref) as CallRef) };
  return { outcome, ...rest };
}
