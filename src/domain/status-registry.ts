import registry from './status-registry.json' with { type: 'json' };

/**
 * Infobip's registry of statuses and errors (infobip-api.md 6) as look-ups. The rows are data; the sentences in
 * `description` are the documented ones where there are any, else ours.
 */

/** By their id: the closed enum of SMS v3's `status.groupName` (infobip-api.md 0.9). */
export const STATUS_GROUPS = [
  'ACCEPTED',
  'PENDING',
  'UNDELIVERABLE',
  'DELIVERED',
  'EXPIRED',
  'REJECTED',
] as const;
/** By their id: the closed enum of SMS v3's `error.groupName`. */
export const ERROR_GROUPS = ['OK', 'HANDSET_ERRORS', 'USER_ERRORS', 'OPERATOR_ERRORS'] as const;

export type StatusGroup = (typeof STATUS_GROUPS)[number];
/** `Ok` is how SMS v1/v2 and number lookup spell `OK`. */
export type ErrorGroup = (typeof ERROR_GROUPS)[number] | 'Ok';

/** The `status` object of answers, reports and logs. */
export interface InfobipStatus {
  readonly groupId: number;
  readonly groupName: StatusGroup;
  readonly id: number;
  readonly name: string;
  readonly description: string;
  /** What the customer can do about it; only with rejections. */
  readonly action?: string;
}

/** The `error` object of reports and logs. */
export interface InfobipError {
  readonly groupId: number;
  readonly groupName: ErrorGroup;
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly permanent: boolean;
}

const statuses = new Map<number, InfobipStatus[]>();
const errors = new Map<number, InfobipError>();
for (const row of registry) {
  const { groupId, id, name, description } = row;
  if (row.kind === 'status') {
    const status: InfobipStatus = {
      groupId,
      groupName: known(STATUS_GROUPS[groupId]),
      id,
      name,
      description,
      ...(row.action === undefined ? {} : { action: row.action }),
    };
    statuses.set(id, [...(statuses.get(id) ?? []), status]);
  } else if (!errors.has(id)) {
    // 4102 stands in two groups; the first is as good as the second.
    const groupName = known(ERROR_GROUPS[groupId]);
    errors.set(id, { groupId, groupName, id, name, description, permanent: row.permanent === true });
  }
}

/**
 * The status with this id; id 87 has three rows, so its name (and for SIGNALS_BLOCKED the group: 4 charged,
 * 5 not charged) tells which. Without them: the first.
 */
export function statusRow(id: number, name?: string, groupId?: number): InfobipStatus | undefined {
  return statuses
    .get(id)
    ?.find(
      row => (name === undefined || row.name === name) && (groupId === undefined || row.groupId === groupId),
    );
}

/** The error with this id; 0 is "No Error". */
export function errorRow(id: number): InfobipError | undefined {
  return errors.get(id);
}

/** @throws RangeError where our own tables name a row that the registry does not have. */
export function known<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new RangeError('not in the status registry');
  return value;
}
