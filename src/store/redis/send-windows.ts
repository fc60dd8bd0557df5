import { shardOf } from '../../domain/ids.ts';
import type { ApplicationId, Destination, PinId } from '../../domain/types.ts';
import type { SendLimits } from '../store.ts';
import { limitArguments } from './arguments.ts';
import { Recent } from './recent.ts';
import type { Reply, ScriptRunner } from './script.ts';

interface Send {
  /** Of the verb, with its letter in front. */
  readonly opId: string;
  readonly applicationId: ApplicationId;
  readonly limits: SendLimits;
  /** Of the PIN. */
  readonly shard: string;
  /** A further delivery of this one, or a new one to that destination. */
  readonly pinId?: PinId;
  readonly to?: Destination;
}

/**
 * An application's send window lies in the application's shard, the PIN in its destination's. On one server these are one, and the script
 * that makes the send counts it. In a cluster the window is taken first and given back when the send is refused: never more than the limit, and for a moment
 * perhaps less. When nobody knows what became of the send, it stays taken. One opId takes and gives back once, however often it
 * comes.
 */
export function createSendWindows(scripts: ScriptRunner) {
  const take = scripts.mutation('window-take');
  const giveBack = scripts.mutation('window-return');
  const check = scripts.query('send-check');
  const together = scripts.shards.length === 1;
  const homes = new Recent<string>();

  /** A hash that every send would take anew, of applications that are few. */
  const homeOf = (applicationId: ApplicationId) =>
    homes.get(applicationId) ?? homes.put(applicationId, shardOf(applicationId));

  /** What refused the send if its application's limit does: the dead PIN, or whichever limit frees last. */
  async function refuse({ applicationId, limits, shard, pinId, to }: Send, wait: number): Promise<Reply> {
    const args = [pinId ?? '', applicationId, to ?? '', ...limitArguments(limits.perNumber)];
    const [outcome, numberWait] = (await check(shard, args)) as readonly Reply[];
    if (outcome === 'dead') return ['dead'];
    const other = Number(numberWait);
    return wait > other ? ['limited', 'application', wait] : ['limited', 'number', other];
  }

  /**
   * Runs a send with the ms for which the application's limit refuses it, as far as is known (0: it was counted, or the script does that). The
   * first word of its reply is its outcome; `by another` as the last says that another call did it before, and counted it.
   */
  async function around(
    { opId, applicationId, limits }: Pick<Send, 'opId' | 'applicationId' | 'limits'>,
    run: (wait: number) => Promise<Reply>,
  ): Promise<Reply> {
    if (together) return await run(0);
    const shard = homeOf(applicationId);
    const args = [applicationId, ...limitArguments(limits.perApplication)];
    const ofBoth = `${opId}:${applicationId}`;
    const [wait, at] = (await take({ shard, opId: `t:${ofBoth}`, args })) as readonly Reply[];
    if (Number(wait) > 0) return await run(Number(wait));
    const reply = await run(0);
    const [outcome, ...rest] = reply as readonly Reply[];
    if (outcome !== 'created' || rest.at(-1) === 'by another') {
      await giveBack({ shard, opId: `b:${ofBoth}`, args: [applicationId, Number(at)] });
    }
    return reply;
  }

  return {
    /** What the script is told: 1 where it counts the send against the application's limit itself. */
    here: together ? 1 : '',
    around,
    /** As `around`, for a send that nothing else refuses but its limits and a dead PIN. */
    under: (send: Send, run: () => Promise<Reply>): Promise<Reply> =>
      around(send, async wait => (wait > 0 ? await refuse(send, wait) : await run())),
  };
}
