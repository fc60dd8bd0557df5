import type { Call } from './call.ts';
import type { Calls } from './calls.ts';
import type { Messages } from './messages.ts';
import { writtenNumber } from './numbering.ts';
import type { Phones } from './phone.ts';

const MAX_PHONES = 200;

/** Phones that were set up, held, called or texted, the one that something happened to last first. */
export function phoneList(deps: {
  readonly calls: Calls;
  readonly messages: Messages;
  readonly phones: Phones;
}): Record<string, unknown>[] {
  const calls = Map.groupBy(deps.calls.all(), call => call.request.to);
  const texts = Map.groupBy(
    deps.messages.all().filter(message => message.status === 'delivered'),
    message => message.request.to,
  );
  const numbers = new Set([...deps.phones.numbers(), ...calls.keys(), ...texts.keys()]);
  return [...numbers]
    .map(number => {
      const mine = calls.get(number) ?? [];
      const lastAt = Math.max(
        0,
        ...mine.slice(0, 1).map(call => call.createdAt.getTime()),
        ...(texts.get(number) ?? []).slice(0, 1).map(message => message.updatedAt.getTime()),
      );
      return {
        number,
        ...writtenNumber(number),
        outcome: deps.phones.get(number).outcome,
        held: deps.phones.isHeld(number),
        state: liveState(mine),
        calls: mine.length,
        messages: texts.get(number)?.length ?? 0,
        lastAt: lastAt === 0 ? null : new Date(lastAt).toISOString(),
      };
    })
    .toSorted((one, other) => (other.lastAt ?? '').localeCompare(one.lastAt ?? ''))
    .slice(0, MAX_PHONES);
}

function liveState(calls: readonly Call[]): 'idle' | 'ringing' | 'answered' {
  if (calls.some(call => call.state === 'answered')) return 'answered';
  return calls.some(call => call.state === 'ringing') ? 'ringing' : 'idle';
}
