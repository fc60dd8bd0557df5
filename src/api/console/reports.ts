import { Readable } from 'node:stream';

import { z } from 'zod';

import type { Verifications } from '../../delivery/verifications.ts';
import { VERIFICATION_STATES } from '../../domain/plan.ts';
import type { ApplicationId } from '../../domain/types.ts';
import { assertScope } from '../auth.ts';
import type { VerificationBody } from '../verify/schemas.ts';
import { verificationBody } from '../verify/view.ts';
import { readQuery } from './body.ts';
import { SEE, type Console, type ConsoleApp } from './context.ts';
import { callerOf } from './session-routes.ts';

const PAGE = 100;
/** A spreadsheet opens no more with ease; the rest is a matter of `since` and `until`. */
export const MOST_ROWS = 50_000;

const instant = z.iso.datetime({ offset: true });
const reportQuery = z.strictObject({
  since: instant.optional(),
  until: instant.optional(),
  applicationId: z.string().min(1).max(128).optional(),
  state: z.enum(VERIFICATION_STATES).optional(),
});

/** `verifications`: a row each. `deliveries`: a row for each step of their timelines. */
const REPORTS = { verifications: verificationRows, deliveries: deliveryRows } as const;

/** Reports as CSV (RFC 4180), streamed: however long one is, a page of it is in memory. */
export function reportRoutes(app: ConsoleApp, deps: Console): void {
  for (const [name, rows] of Object.entries(REPORTS)) {
    app.route({
      method: 'GET',
      url: `/console/api/reports/${name}.csv`,
      schema: { hide: true },
      handler: async (request, reply) => {
        assertScope(callerOf(request).principal, SEE);
        const { since, until, applicationId, state } = readQuery(request, reportQuery);
        const filter = {
          ...(since !== undefined && { since: Date.parse(since) }),
          ...(until !== undefined && { until: Date.parse(until) }),
          ...(applicationId !== undefined && { applicationId: applicationId as ApplicationId }),
          ...(state !== undefined && { state }),
        };
        return await reply
          .type('text/csv; charset=utf-8')
          .header('content-disposition', `attachment; filename="saypin-${name}.csv"`)
          .send(Readable.from(lines(deps.verifications, filter, rows)));
      },
    });
  }
}

type Rows = (
  verification: VerificationBody | undefined,
) => readonly (readonly (string | number | undefined)[])[];

async function* lines(
  verifications: Pick<Verifications, 'list'>,
  filter: Omit<Parameters<Verifications['list']>[0], 'limit' | 'cursor'>,
  rows: Rows,
): AsyncGenerator<string> {
  yield csv(rows(undefined));
  let cursor: string | undefined;
  let count = 0;
  do {
    const page = await verifications.list({
      ...filter,
      limit: PAGE,
      ...(cursor !== undefined && { cursor }),
    });
    cursor = page.nextCursor;
    const found = page.views.flatMap(view => rows(verificationBody(view)));
    count += found.length;
    if (found.length > 0) yield csv(found);
  } while (cursor !== undefined && count < MOST_ROWS);
}

/** Undefined: the names of the columns. */
function verificationRows(verification: VerificationBody | undefined) {
  if (!verification)
    return [
      [
        'id',
        'applicationId',
        'template',
        'to',
        'state',
        'channel',
        'createdAt',
        'expiresAt',
        'verifiedAt',
        'attemptsLeft',
        'steps',
        'undeliverable',
      ],
    ];
  const { id, applicationId, template, to, state, channel, createdAt, expiresAt, verifiedAt, attemptsLeft } =
    verification;
  const { timeline, undeliverable } = verification;
  return [
    [
      id,
      applicationId,
      template,
      to,
      state,
      channel,
      createdAt,
      expiresAt,
      verifiedAt,
      attemptsLeft,
      timeline.length,
      String(undeliverable),
    ],
  ];
}

function deliveryRows(verification: VerificationBody | undefined) {
  if (!verification)
    return [
      [
        'verificationId',
        'to',
        'at',
        'step',
        'channel',
        'carrier',
        'trigger',
        'state',
        'answeredAt',
        'endedAt',
        'reason',
        'carrierReason',
        'codeHeard',
        'answeredBy',
        'repeats',
      ],
    ];
  return verification.timeline.map(each => [
    verification.id,
    verification.to,
    each.at,
    each.step,
    each.channel,
    each.carrier,
    each.trigger,
    each.state,
    each.answeredAt,
    each.endedAt,
    each.reason,
    each.carrierReason,
    each.codeHeard,
    each.answeredBy,
    each.repeats,
  ]);
}

/** Cells that a spreadsheet would take for a formula begin with an apostrophe (OWASP "CSV Injection"); numbers with a plus are no formula. */
export function csv(rows: readonly (readonly (string | number | undefined)[])[]): string {
  return rows.map(row => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(value: string | number | undefined): string {
  const text = String(value ?? '');
  const safe = /^[=+\-@\t\r]/.test(text) && !/^\+\d+$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
