import type { PlanRun, RunEntry } from '../../domain/plan.ts';
import type { CallRef, PinId, PinRecord } from '../../domain/types.ts';
import type { AdvanceRun, NewRun, NewRunEntry } from '../plan-store.ts';
import type { Fields, Reply } from './script.ts';

/** What never changes. */
type Info = Pick<PlanRun, 'applicationId' | 'to' | 'plan' | 'words' | 'origin'>;

/** A plan as lua/include/plan-runs.lua takes it with its PIN. */
export function newRunArguments(
  run: NewRun | undefined,
  { applicationId, to }: Pick<PinRecord, 'applicationId' | 'to'>,
): [string, string] {
  if (!run) return ['', ''];
  const { plan, words, origin } = run;
  return [JSON.stringify({ applicationId, to, plan, words, origin }), packTurn(run)];
}

/** `<position>|<entries, JSON>`: a turn but for when it was and what it started. */
export function packTurn({ position, entries }: Pick<AdvanceRun, 'position' | 'entries'>): string {
  return `${position}|${JSON.stringify(entries)}`;
}

/** Undefined: there is none. */
export function runOf(pinId: PinId, flat: Reply | undefined): PlanRun | undefined {
  const list = (flat ?? []) as readonly Reply[];
  const pairs = list.flatMap((name, n) =>
    n % 2 === 0 ? [[String(name), String(list[n + 1])] as const] : [],
  );
  return pairs.length === 0 ? undefined : runFromFields(pinId, Object.fromEntries(pairs));
}

/** @param fields of the hash that lua/include/plan-runs.lua describes */
export function runFromFields(pinId: PinId, fields: Fields): PlanRun {
  const { applicationId, to, plan, words, origin } = JSON.parse(fields['info'] ?? '') as Info;
  const turns = Array.from({ length: Number(fields['turn']) }, (_, index) =>
    readTurn(fields[`t${index + 1}`]),
  );
  const last = turns.at(-1);
  return {
    pinId,
    applicationId,
    to,
    plan,
    words,
    origin,
    turn: turns.length,
    position: last?.position ?? 0,
    live: last?.ref,
    entries: turns.flatMap(turn => turn.entries),
  };
}

/** `<when>|<ref or nothing>|<position>|<entries, JSON>` */
function readTurn(text = ''): {
  readonly ref: CallRef | undefined;
  readonly position: number;
  readonly entries: readonly RunEntry[];
} {
  const [, at, ref, position, entries = '[]'] = /^(\d+)\|([^|]*)\|(\d+)\|(.*)$/s.exec(text) ?? [];
  const undated = JSON.parse(entries) as readonly NewRunEntry[];
  return {
    ref: ref === '' ? undefined : (ref as CallRef | undefined),
    position: Number(position),
    entries: undated.map(entry => ({ ...entry, at: Number(at) })),
  };
}
