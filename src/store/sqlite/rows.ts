import type { SQLOutputValue } from 'node:sqlite';

import type {
  ApplicationId,
  CallRef,
  Delivery,
  Destination,
  E164,
  MessageId,
  PinId,
  PinRecord,
} from '../../domain/types.ts';

export type Row = Record<string, SQLOutputValue>;

/** Rows to records. The schema is STRICT: a column has the type it was declared with. */

export function pinFromRow(row: Row): PinRecord {
  return {
    pinId: text(row['pin_id']) as PinId,
    applicationId: text(row['application_id']) as ApplicationId,
    messageId: text(row['message_id']) as MessageId,
    to: text(row['number']) as Destination,
    pinType: text(row['pin_type']) as PinRecord['pinType'],
    pinLength: integer(row['pin_length']),
    seed: blob(row['seed']),
    keyId: text(row['key_id']),
    step: integer(row['step']),
    createdAt: integer(row['created_at']),
    expiresAt: integer(row['expires_at']),
    attemptsAllowed: integer(row['attempts_allowed']),
    attemptsUsed: integer(row['attempts_used']),
    allowMultiple: row['allow_multiple'] === 1,
    state: text(row['state']) as PinRecord['state'],
    verifiedAt: optionalInteger(row['verified_at']),
    sentAt: optionalInteger(row['sent_at']),
  };
}

export function deliveryFromRow(row: Row): Delivery {
  return {
    callRef: text(row['call_ref']) as CallRef,
    pinId: optionalText(row['pin_id']) as PinId | undefined,
    applicationId: optionalText(row['application_id']) as ApplicationId | undefined,
    ...(row['message_ref'] !== null && { messageRef: text(row['message_ref']) }),
    channel: text(row['channel']) as Delivery['channel'],
    carrier: text(row['carrier']),
    to: text(row['number']) as E164,
    from: text(row['caller']),
    script: JSON.parse(text(row['script'])) as Delivery['script'],
    state: text(row['state']) as Delivery['state'],
    carrierCallId: optionalText(row['carrier_call_id']),
    dials: integer(row['dials']),
    answeredAt: optionalInteger(row['answered_at']),
    report: row['report'] === null ? undefined : (JSON.parse(text(row['report'])) as Delivery['report']),
    dialog: optionalText(row['dialog']),
    createdAt: integer(row['created_at']),
    updatedAt: integer(row['updated_at']),
  };
}

/**
 * SQL for "nobody has said yet that this call or text of a PIN is not needed": the PIN was not verified since it was made,
 * nor cancelled or superseded. True for one that brings no PIN.
 */
export function stillWanted(table: 'delivery' | 'pin_message'): string {
  return `NOT EXISTS (SELECT 1 FROM pin WHERE pin.pin_id = ${table}.pin_id
    AND (pin.state IN ('cancelled', 'superseded') OR pin.last_verified_at >= ${table}.created_at))`;
}

export function text(value: SQLOutputValue | undefined): string {
  return value as string;
}

export function integer(value: SQLOutputValue | undefined): number {
  return value as number;
}

export function optionalText(value: SQLOutputValue | undefined): string | undefined {
  return (value as string | null) ?? undefined;
}

export function optionalInteger(value: SQLOutputValue | undefined): number | undefined {
  return (value as number | null) ?? undefined;
}

function blob(value: SQLOutputValue | undefined): Buffer | undefined {
  const bytes = value as Uint8Array | null;
  return bytes ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : undefined;
}
