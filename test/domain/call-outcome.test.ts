import { describe, expect, it } from 'vitest';

import type { Outcome } from '../../src/domain/message.ts';
import { infobipResult, isFinal, outcomeOfCall } from '../../src/domain/status.ts';
import type { CallReport } from '../../src/domain/types.ts';

const answeredAt = 1_000;

function report(fields: Partial<CallReport>): CallReport {
  return {
    cause: 'unknown',
    endedAt: 9_000,
    codeHeard: 'none',
    repeats: 0,
    gate: 'none',
    answeredBy: 'unknown',
    dtmfCodes: '',
    ...fields,
  };
}

const human: Outcome = { kind: 'answered', by: 'human' };
const machine: Outcome = { kind: 'answered', by: 'machine' };
const someone: Outcome = { kind: 'answered', by: 'unknown' };

describe('an answered call', () => {
  it.each<[string, Partial<CallReport>, Outcome]>([
    ['said', { cause: 'completed', answeredBy: 'human', codeHeard: 'full' }, human],
    ['to whom it may concern', { cause: 'completed', codeHeard: 'unknown' }, someone],
    ['hung up early', { cause: 'hangup', codeHeard: 'partial' }, someone],
    ['hung up at once', { cause: 'hangup', codeHeard: 'none' }, someone],
    ['ran out of time', { cause: 'call-timeout', codeHeard: 'partial' }, someone],
    ['machine, hung up', { cause: 'machine', answeredBy: 'machine' }, machine],
    ['machine, went on', { cause: 'completed', answeredBy: 'machine', codeHeard: 'full' }, machine],
    ['gate failed', { cause: 'gate-failed', gate: 'failed' }, machine],
    ['gate failed by a human', { cause: 'gate-failed', gate: 'failed', answeredBy: 'human' }, human],
    [
      'socket lost',
      { cause: 'media-lost', codeHeard: 'partial' },
      { kind: 'failed', carrierCode: 'media-lost' },
    ],
    ['socket lost after all', { cause: 'media-lost', codeHeard: 'full' }, someone],
    ['no socket', { cause: 'no-start' }, { kind: 'failed', carrierCode: 'no-start' }],
    ['wrong socket', { cause: 'wrong-call' }, { kind: 'failed', carrierCode: 'wrong-call' }],
    ['no voice', { cause: 'speech-failed' }, { kind: 'failed', carrierCode: 'speech-failed' }],
    ['overtime', { cause: 'overtime', codeHeard: 'partial' }, { kind: 'failed', carrierCode: 'overtime' }],
    ['shutdown', { cause: 'shutdown', codeHeard: 'partial' }, { kind: 'failed', carrierCode: 'shutdown' }],
    ['shutdown after all', { cause: 'shutdown', codeHeard: 'full' }, someone],
    ['our fault', { cause: 'internal' }, { kind: 'failed', carrierCode: 'internal' }],
    ['end lost, said', { cause: 'no-callback', codeHeard: 'unknown' }, someone],
    ['end lost, silent', { cause: 'no-callback' }, { kind: 'failed', carrierCode: 'no-callback' }],
    ['dropped, said', { cause: 'failed', codeHeard: 'unknown', sipCode: 503 }, someone],
  ])('%s', (_, fields, expected) => {
    expect(outcomeOfCall(report({ answeredAt, ...fields }))).toEqual(expected);
  });

  it('needs no time of answer where the carrier says completed', () => {
    expect(outcomeOfCall(report({ cause: 'completed', codeHeard: 'unknown' }))).toEqual(someone);
  });
});

describe('a call that nobody answered', () => {
  it.each<[string, Partial<CallReport>, Outcome]>([
    ['busy', { cause: 'busy', sipCode: 486 }, { kind: 'busy' }],
    ['busy, no code', { cause: 'busy' }, { kind: 'busy' }],
    ['rang out', { cause: 'no-answer', sipCode: 487 }, { kind: 'no-answer' }],
    ['rang out, no code', { cause: 'no-answer' }, { kind: 'no-answer' }],
    ['cancelled', { cause: 'canceled', sipCode: 487 }, { kind: 'cancelled' }],
    ['declined', { cause: 'rejected', sipCode: 603 }, { kind: 'declined' }],
    ['declined, no code', { cause: 'rejected' }, { kind: 'declined' }],
    ['barred', { cause: 'rejected', sipCode: 403 }, { kind: 'failed', sipCode: 403 }],
    ['no such number', { cause: 'failed', sipCode: 404 }, { kind: 'unknown-number' }],
    ['incomplete', { cause: 'failed', sipCode: 484 }, { kind: 'failed', sipCode: 484 }],
    ['cancelled on the way', { cause: 'failed', sipCode: 487 }, { kind: 'cancelled' }],
    ['network down', { cause: 'failed', sipCode: 503 }, { kind: 'failed', sipCode: 503 }],
    ['failed', { cause: 'failed' }, { kind: 'failed' }],
    ['failed after ringing', { cause: 'failed', sipCode: 180 }, { kind: 'failed' }],
    ['nobody knows', { cause: 'unknown' }, { kind: 'failed' }],
    ['refused', { cause: 'carrier-rejected' }, { kind: 'failed', carrierCode: 'carrier-rejected' }],
    ['no word', { cause: 'no-callback' }, { kind: 'failed', carrierCode: 'no-callback' }],
    ['stopped while busy', { cause: 'shutdown', sipCode: 486 }, { kind: 'busy' }],
    ['stopped', { cause: 'shutdown' }, { kind: 'failed', carrierCode: 'shutdown' }],
  ])('%s', (_, fields, expected) => {
    expect(outcomeOfCall(report(fields))).toEqual(expected);
  });
});

/** CallEndCause, EndCause, SessionFailure and the causes of src/delivery. */
const CAUSES =
  'completed busy no-answer rejected canceled failed hangup gate-failed machine call-timeout media-lost no-start ' +
  'wrong-call speech-failed overtime shutdown internal carrier-missing carrier-unknown no-callback unknown ' +
  'carrier-rejected carrier-unreachable carrier-timeout carrier-rate-limited carrier-unauthorized carrier-server ' +
  'carrier-protocol';
const EVERY_CAUSE = CAUSES.split(' ');

describe('every end of a call', () => {
  it('is final, and of all causes only those without any detail are an unknown error', () => {
    for (const cause of EVERY_CAUSE) {
      for (const at of [undefined, answeredAt]) {
        for (const codeHeard of ['full', 'partial', 'none', 'unknown'] as const) {
          const outcome = outcomeOfCall(report({ cause, answeredAt: at, codeHeard }));
          const { error } = infobipResult(outcome, 'voice');
          expect(isFinal(outcome)).toBe(true);
          const vague = ['failed', 'unknown', 'busy', 'no-answer', 'rejected', 'canceled'].includes(cause);
          if (!vague) expect(error.name, cause).not.toBe('EC_UNKNOWN_ERROR');
        }
      }
    }
  });

  it('never reports as delivered what was neither answered nor heard', () => {
    for (const cause of EVERY_CAUSE.filter(
      cause => !['completed', 'hangup', 'call-timeout'].includes(cause),
    )) {
      if (cause === 'machine' || cause === 'gate-failed') continue;
      const outcome = outcomeOfCall(report({ cause }));
      expect(infobipResult(outcome, 'voice').status.groupName, cause).not.toBe('DELIVERED');
    }
  });
});
