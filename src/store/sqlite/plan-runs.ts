import type { DatabaseSync } from 'node:sqlite';

import type { PlanRun, RunEntry } from '../../domain/plan.ts';
import type { ApplicationId, CallRef, E164, PinId } from '../../domain/types.ts';
import type { AdvanceRun, NewRun, NewRunEntry } from '../plan-store.ts';
import { integer, optionalText, text, type Row } from './rows.ts';

/** The rows of plans under way. */
export function createPlanRuns(db: DatabaseSync, now: () => number) {
  const insert = db.prepare(`
    INSERT INTO plan_run (pin, origin, plan, words, position, live, entries)
    VALUES ($pin, $origin, $plan, $words, $position, $live, $entries)`);
  const find = db.prepare(`
    SELECT plan_run.*, pin.pin_id, pin.application_id, pin.number
    FROM pin JOIN plan_run ON plan_run.pin = pin.seq WHERE pin.pin_id = ?`);
  const update = db.prepare(`
    UPDATE plan_run SET turn = turn + 1, position = $position, live = $live, entries = $entries,
      replaced = json_patch(replaced, $replaced)
    WHERE pin = (SELECT seq FROM pin WHERE pin_id = $pin)`);
  const findReplaced = db.prepare(`
    SELECT replaced ->> ('$."' || $ref || '"') AS ref
    FROM plan_run WHERE pin = (SELECT seq FROM pin WHERE pin_id = $pin)`);

  return {
    get(pinId: PinId): PlanRun | undefined {
      const row = find.get(pinId);
      return row && runFromRow(row);
    },

    /** `pin`: the seq of its row. */
    insert(pin: number | bigint, run: NewRun, live: CallRef): void {
      insert.run({
        $pin: pin,
        $origin: run.origin,
        $plan: JSON.stringify(run.plan),
        $words: JSON.stringify(run.words),
        $position: run.position,
        $live: live,
        $entries: JSON.stringify(dated(run.entries, now())),
      });
    },

    /** The next turn. */
    advance(
      run: PlanRun,
      { position, entries }: Pick<AdvanceRun, 'position' | 'entries'>,
      live: CallRef | undefined,
    ): PlanRun {
      const next = {
        ...run,
        turn: run.turn + 1,
        position,
        live,
        entries: [...run.entries, ...dated(entries, now())],
      };
      const replaced = live !== undefined && run.live !== undefined ? { [live]: run.live } : {};
      update.run({
        $pin: run.pinId,
        $position: position,
        $live: live ?? null,
        $entries: JSON.stringify(next.entries),
        $replaced: JSON.stringify(replaced),
      });
      return next;
    },

    /** What was live when this delivery took its place. */
    replacedBy(pinId: PinId, ref: CallRef): CallRef | undefined {
      const row = findReplaced.get({ $pin: pinId, $ref: ref });
      return row && (optionalText(row['ref']) as CallRef | undefined);
    },
  };
}

export type PlanRuns = ReturnType<typeof createPlanRuns>;

function dated(entries: readonly NewRunEntry[], at: number): RunEntry[] {
  return entries.map(entry => ({ ...entry, at }));
}

function runFromRow(row: Row): PlanRun {
  return {
    pinId: text(row['pin_id']) as PinId,
    applicationId: text(row['application_id']) as ApplicationId,
    to: text(row['number']) as E164,
    plan: JSON.parse(text(row['plan'])) as PlanRun['plan'],
    words: JSON.parse(text(row['words'])) as PlanRun['words'],
    origin: text(row['origin']) as PlanRun['origin'],
    turn: integer(row['turn']),
    position: integer(row['position']),
    live: optionalText(row['live']) as CallRef | undefined,
    entries: JSON.parse(text(row['entries'])) as RunEntry[],
  };
}
