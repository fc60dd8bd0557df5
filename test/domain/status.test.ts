import { describe, expect, it } from 'vitest';

import type { MessageChannel, Outcome } from '../../src/domain/message.ts';
import { OWN_CODES, TWILIO_SMS_CODES } from '../../src/domain/outcome-table.ts';
import {
  callStatusName,
  errorRow,
  generalStatusOf,
  infobipResult,
  isFinal,
  okSpelling,
  rejection,
  REJECTIONS,
  type RejectionName,
  statusRow,
} from '../../src/domain/status.ts';

/** Group, id and name of the status, group and id of the error. */
type Expected = readonly [number, number, string, number, number];

function summary(outcome: Outcome, channel: MessageChannel): Expected {
  const { status, error } = infobipResult(outcome, channel);
  return [status.groupId, status.id, status.name, error.groupId, error.id];
}

const human: Outcome = { kind: 'answered', by: 'human' };
const failed = (detail: { sipCode?: number; carrierCode?: string } = {}): Outcome => ({
  kind: 'failed',
  ...detail,
});

describe('outcomes of calls', () => {
  it.each<[string, Outcome, Expected]>([
    ['pending', { kind: 'pending' }, [1, 26, 'PENDING_ACCEPTED', 0, 0]],
    ['waiting', { kind: 'waiting-delivery' }, [1, 3, 'PENDING_WAITING_DELIVERY', 0, 0]],
    ['enroute', { kind: 'enroute' }, [1, 7, 'PENDING_ENROUTE', 0, 0]],
    ['to operator', { kind: 'delivered-to-operator' }, [3, 2, 'DELIVERED_TO_OPERATOR', 0, 0]],
    ['delivered', { kind: 'delivered' }, [3, 5, 'DELIVERED_TO_HANDSET', 0, 5000]],
    ['a human', human, [3, 5, 'DELIVERED_TO_HANDSET', 0, 5000]],
    ['a machine', { kind: 'answered', by: 'machine' }, [3, 5, 'DELIVERED_TO_HANDSET', 0, 5001]],
    ['who knows', { kind: 'answered', by: 'unknown' }, [3, 5, 'DELIVERED_TO_HANDSET', 0, 5000]],
    ['busy', { kind: 'busy' }, [2, 97, 'BUSY', 3, 5002]],
    ['no answer', { kind: 'no-answer' }, [2, 96, 'NO_ANSWER', 3, 5003]],
    ['cancelled', { kind: 'cancelled' }, [2, 98, 'CANCELLED', 3, 5487]],
    ['declined', { kind: 'declined' }, [5, 99, 'REJECTED', 1, 5603]],
    ['expired', { kind: 'expired' }, [4, 15, 'EXPIRED_EXPIRED', 2, 4101]],
    ['unreachable', { kind: 'unreachable' }, [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 1, 5480]],
    ['unknown number', { kind: 'unknown-number' }, [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 3, 5404]],
    ['failed', failed(), [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 1, 255]],
    ['486', failed({ sipCode: 486 }), [2, 97, 'BUSY', 3, 5002]],
    ['600', failed({ sipCode: 600 }), [2, 97, 'BUSY', 3, 5002]],
    ['408', failed({ sipCode: 408 }), [2, 96, 'NO_ANSWER', 3, 5003]],
    ['480', failed({ sipCode: 480 }), [2, 96, 'NO_ANSWER', 3, 5003]],
    ['487', failed({ sipCode: 487 }), [2, 98, 'CANCELLED', 3, 5487]],
    ['603', failed({ sipCode: 603 }), [5, 99, 'REJECTED', 1, 5603]],
    ['607', failed({ sipCode: 607 }), [5, 99, 'REJECTED', 1, 5603]],
    ['404', failed({ sipCode: 404 }), [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 3, 5404]],
    ['604', failed({ sipCode: 604 }), [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 3, 5404]],
    ['484', failed({ sipCode: 484 }), [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 3, 5484]],
    ['403', failed({ sipCode: 403 }), [2, 4, 'UNDELIVERABLE_REJECTED_OPERATOR', 3, 5403]],
    ['400', failed({ sipCode: 400 }), [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 3, 5400]],
    ['401', failed({ sipCode: 401 }), [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 3, 5407]],
    ['407', failed({ sipCode: 407 }), [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 3, 5407]],
    ['410', failed({ sipCode: 410 }), [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 3, 5410]],
    ['482, no row', failed({ sipCode: 482 }), [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 3, 5400]],
    ['302, no row', failed({ sipCode: 302 }), [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 3, 5404]],
    ['501', failed({ sipCode: 501 }), [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 3, 5501]],
    ['500', failed({ sipCode: 500 }), [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 3, 5503]],
    ['503', failed({ sipCode: 503 }), [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 3, 5503]],
    ['606', failed({ sipCode: 606 }), [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 3, 5488]],
    ['200, no refusal', failed({ sipCode: 200 }), [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 1, 255]],
    ['SIP first', failed({ sipCode: 486, carrierCode: 'no-callback' }), [2, 97, 'BUSY', 3, 5002]],
    [
      'no carrier',
      failed({ carrierCode: 'carrier-missing' }),
      [5, 19, 'REJECTED_ROUTE_NOT_AVAILABLE', 3, 5503],
    ],
    ['refused', failed({ carrierCode: 'carrier-rejected' }), [2, 31, 'UNDELIVERABLE_NOT_SENT', 3, 5400]],
    ['lost', failed({ carrierCode: 'no-callback' }), [4, 29, 'EXPIRED_DLR_UNKNOWN', 3, 5408]],
    ['our audio', failed({ carrierCode: 'audio-download' }), [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 3, 5004]],
    ['its format', failed({ carrierCode: 'audio-format' }), [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 3, 5005]],
    ['not a text', failed({ carrierCode: '30003' }), [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 1, 255]],
  ])('%s', (_, outcome, expected) => {
    expect(summary(outcome, 'voice')).toEqual(expected);
  });
});

describe('outcomes of texts', () => {
  it.each<[string, Outcome, Expected]>([
    ['pending', { kind: 'pending' }, [1, 26, 'PENDING_ACCEPTED', 0, 0]],
    ['waiting', { kind: 'waiting-delivery' }, [1, 3, 'PENDING_WAITING_DELIVERY', 0, 0]],
    ['enroute', { kind: 'enroute' }, [1, 7, 'PENDING_ENROUTE', 0, 0]],
    ['to operator', { kind: 'delivered-to-operator' }, [3, 2, 'DELIVERED_TO_OPERATOR', 0, 0]],
    ['delivered', { kind: 'delivered' }, [3, 5, 'DELIVERED_TO_HANDSET', 0, 0]],
    ['answered', human, [3, 5, 'DELIVERED_TO_HANDSET', 0, 0]],
    ['busy', { kind: 'busy' }, [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 1, 31]],
    ['no answer', { kind: 'no-answer' }, [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 1, 27]],
    ['cancelled', { kind: 'cancelled' }, [2, 31, 'UNDELIVERABLE_NOT_SENT', 2, 4100]],
    ['declined', { kind: 'declined' }, [2, 4, 'UNDELIVERABLE_REJECTED_OPERATOR', 1, 573]],
    ['expired', { kind: 'expired' }, [4, 15, 'EXPIRED_EXPIRED', 2, 4101]],
    ['unreachable', { kind: 'unreachable' }, [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 1, 27]],
    ['unknown number', { kind: 'unknown-number' }, [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 1, 1]],
    ['failed', failed(), [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 1, 255]],
    ['a SIP code', failed({ sipCode: 486 }), [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 1, 255]],
    ['refused', failed({ carrierCode: 'carrier-rejected' }), [2, 31, 'UNDELIVERABLE_NOT_SENT', 3, 4097]],
    ['lost', failed({ carrierCode: 'carrier-unknown' }), [4, 29, 'EXPIRED_DLR_UNKNOWN', 1, 502]],
    ['hostile', failed({ carrierCode: 'constructor' }), [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 1, 255]],
    ['hostile', failed({ carrierCode: '__proto__' }), [2, 9, 'UNDELIVERABLE_NOT_DELIVERED', 1, 255]],
  ])('%s', (_, outcome, expected) => {
    expect(summary(outcome, 'sms')).toEqual(expected);
  });

  it.each<[string, number, string]>([
    ['30001', 31, 'EC_RESOURCE_LIMITATION'],
    ['30002', 31, 'EC_ACCOUNT_ACCESS_DENIED'],
    ['30003', 9, 'EC_ABSENT_SUBSCRIBER'],
    ['30004', 4, 'EC_DESTINATION_BLOCKED_BY_OPERATOR'],
    ['30005', 9, 'EC_UNKNOWN_SUBSCRIBER'],
    ['30006', 9, 'EC_DESTINATION_NOT_SMS_PROVISIONED'],
    ['30007', 4, 'EC_CONTENT_BLOCKED_BY_OPERATOR'],
    ['30008', 9, 'EC_UNKNOWN_ERROR'],
    ['30010', 31, 'EC_MONTHLY_LIMIT_REACHED'],
    ['30017', 9, 'EC_NNR_NETWORKCONGESTION'],
    ['30018', 4, 'EC_SOURCE_ADDRESS_IS_BLOCKED'],
    ['30019', 25, 'EC_MSG_TEXT_TOO_LONG'],
    ['30022', 4, 'EC_LIMIT_REACHED'],
    ['30023', 4, 'EC_QUOTA_REACHED'],
    ['30024', 4, 'EC_INVALID_SOURCE_ADDRESS'],
    ['30027', 4, 'EC_QUOTA_REACHED'],
    ['30032', 4, 'EC_TF_NUMBER_NOT_VERIFIED'],
    ['30033', 4, 'EC_CAMPAIGN_ID_REJECTED'],
    ['30034', 4, 'EC_CAMPAIGNID_NOT_PROVISIONED'],
    ['30036', 15, 'EC_VALIDITY_EXPIRED'],
    ['30038', 4, 'EC_CONTENT_BLOCKED_BY_OPERATOR'],
    ['30410', 9, 'EC_TIME_OUT'],
    ['30450', 31, 'EC_SIGNALS_BLOCKED'],
    ['21211', 52, 'EC_INVALID_DESTINATION_ADDRESS'],
    ['21408', 6, 'EC_ACCOUNT_NOT_PROVISIONED_FOR_CHANNEL'],
    ['21606', 11, 'EC_INVALID_SOURCE_ADDRESS'],
    ['21610', 10, 'EC_CONTENT_BLOCKED'],
    ['21612', 19, 'EC_ACC_HAS_NO_ADRESS_FOR_DESR'],
    ['21614', 52, 'EC_DESTINATION_NOT_SMS_PROVISIONED'],
    ['21617', 25, 'EC_MSG_TEXT_TOO_LONG'],
    ['99999', 9, 'EC_UNKNOWN_ERROR'],
  ])("Twilio's %s", (carrierCode, statusId, errorName) => {
    const { status, error } = infobipResult(failed({ carrierCode }), 'sms');
    expect([status.id, error.name]).toEqual([statusId, errorName]);
  });

  it("has a line above for each of Twilio's codes", () => {
    expect(TWILIO_SMS_CODES.size).toBe(30);
  });
});

/** Status and error for a call, then for a text. */
const OWN: Readonly<Record<keyof typeof OWN_CODES, readonly [number, number, number, number]>> = {
  'carrier-missing': [19, 5503, 19, 4097],
  'carrier-rejected': [31, 5400, 31, 4097],
  'carrier-unauthorized': [31, 5407, 31, 4097],
  'carrier-rate-limited': [31, 5503, 31, 51],
  'carrier-unreachable': [31, 5503, 31, 4097],
  'carrier-server': [31, 5503, 31, 4097],
  'carrier-protocol': [31, 5503, 31, 4097],
  'carrier-timeout': [31, 5408, 31, 2048],
  'carrier-unknown': [29, 5408, 29, 502],
  'no-callback': [29, 5408, 29, 502],
  'no-start': [9, 5503, 9, 255],
  'wrong-call': [9, 5503, 9, 255],
  'speech-failed': [9, 5503, 9, 255],
  'media-lost': [9, 5503, 9, 255],
  overtime: [9, 5503, 9, 255],
  shutdown: [9, 5503, 9, 255],
  internal: [9, 5503, 9, 255],
  'audio-download': [9, 5004, 9, 255],
  'audio-format': [9, 5005, 9, 255],
};

describe('our own words', () => {
  it.each(Object.entries(OWN))('%s', (carrierCode, expected) => {
    const call = infobipResult(failed({ carrierCode }), 'voice');
    const text = infobipResult(failed({ carrierCode }), 'sms');
    expect([call.status.id, call.error.id, text.status.id, text.error.id]).toEqual(expected);
  });
});

describe('SIP answers without a row of their own', () => {
  it.each([
    [299, 255],
    [300, 5404],
    [399, 5404],
    [402, 5400],
    [499, 5400],
    [502, 5503],
    [599, 5503],
    [699, 5503],
    [700, 255],
  ])('%s goes by its class: %s', (sipCode, errorId) => {
    expect(infobipResult(failed({ sipCode }), 'voice').error.id).toBe(errorId);
  });
});

/** The error with a call, then with a text. */
const REJECTED: Readonly<Record<RejectionName, readonly [number, number]>> = {
  REJECTED_NETWORK: [592, 592],
  REJECTED_PREFIX_MISSING: [352, 352],
  REJECTED_DND: [2050, 2050],
  REJECTED_SOURCE: [368, 368],
  REJECTED_NOT_ENOUGH_CREDITS: [4099, 4099],
  REJECTED_SENDER: [2053, 2053],
  REJECTED_DESTINATION_BLOCKLISTED: [2052, 2052],
  REJECTED_DESTINATION_NOT_REGISTERED: [0, 0],
  REJECTED_ROUTE_NOT_AVAILABLE: [597, 597],
  REJECTED_FLOODING_FILTER: [4103, 4103],
  REJECTED_SYSTEM_ERROR: [255, 255],
  REJECTED_DUPLICATE_MESSAGE_ID: [0, 0],
  REJECTED_INVALID_UDH: [0, 0],
  REJECTED_MESSAGE_TOO_LONG: [355, 355],
  MISSING_TO: [351, 351],
  REJECTED_DESTINATION: [5404, 351],
  REJECTED_INVALID_AUDIO_FILE_URL: [5004, 0],
  REJECTED_UNSUPPORTED_LANGUAGE: [5400, 0],
  REJECTED_MESSAGE_IS_EMPTY: [5400, 0],
  REJECTED_INVALID_NOTIFY_URL: [5400, 0],
  REJECTED_INVALID_NOTIFY_CONTENT_TYPE: [5400, 0],
  REJECTED_INVALID_DTMF_SIGN: [5400, 0],
  REJECTED_INVALID_DTMF_TIMEOUT: [5400, 0],
  REJECTED_INVALID_RING_TIMEOUT: [5400, 0],
  REJECTED_INVALID_CALL_TIMEOUT: [5400, 0],
  REJECTED_INVALID_MACHINE_DETECTION: [5400, 0],
  REJECTED_INVALID_ACTIONS: [5400, 0],
  REJECTED_INVALID_ACTION_GROUPS: [5400, 0],
  REJECTED_MACHINE_DETECTION_DISABLED: [5400, 0],
  REJECTED_INVALID_DELIVERY_TIME_WINDOW: [5400, 0],
  SIGNALS_BLOCKED: [608, 608],
  REJECTED_INVALID_SSML: [5400, 0],
  UNDELIVERABLE_REJECTED_PLATFORM: [255, 255],
};

describe('rejections', () => {
  it.each(Object.entries(REJECTED) as [RejectionName, readonly [number, number]][])(
    '%s',
    (name, [callError, textError]) => {
      const status = statusRow(REJECTIONS[name], name, 5);
      expect(infobipResult(rejection(name), 'voice')).toEqual({ status, error: errorRow(callError) });
      expect(infobipResult(rejection(name), 'sms')).toEqual({ status, error: errorRow(textError) });
    },
  );

  it('has 99 for a callee who declined, too', () => {
    const outcome: Outcome = { kind: 'rejected', statusId: 99, statusName: 'REJECTED' };
    expect(infobipResult(outcome, 'voice').error.id).toBe(5603);
  });

  it('takes the group 5 row of SIGNALS_BLOCKED', () => {
    expect(generalStatusOf(rejection('SIGNALS_BLOCKED'), 'sms')).toBe('REJECTED');
  });

  it('reports a status that the registry does not have as a system error', () => {
    const outcome: Outcome = { kind: 'rejected', statusId: 4711, statusName: 'REJECTED_NOWHERE' };
    expect(summary(outcome, 'sms')).toEqual([5, 21, 'REJECTED_SYSTEM_ERROR', 1, 255]);
  });
});

/** Every shape of outcome that the code can make. */
function everyOutcome(): Outcome[] {
  const kinds = [
    'pending',
    'waiting-delivery',
    'enroute',
    'delivered',
    'delivered-to-operator',
    'busy',
    'no-answer',
    'cancelled',
    'declined',
    'expired',
    'unreachable',
    'unknown-number',
  ] as const;
  const sipCodes = Array.from({ length: 700 }, (_, index) => index);
  const codes = [...Object.keys(OWN_CODES), ...TWILIO_SMS_CODES.keys(), '', 'anything'];
  return [
    ...kinds.map(kind => ({ kind })),
    ...(['human', 'machine', 'unknown'] as const).map(by => ({ kind: 'answered' as const, by })),
    failed(),
    ...sipCodes.map(sipCode => failed({ sipCode })),
    ...codes.map(carrierCode => failed({ carrierCode })),
    ...(Object.keys(REJECTIONS) as RejectionName[]).map(name => rejection(name)),
  ];
}

describe('every outcome', () => {
  it.each(['voice', 'sms'] as const)('has rows of the registry on %s', channel => {
    for (const outcome of everyOutcome()) {
      const { status, error } = infobipResult(outcome, channel);
      const row = statusRow(status.id, status.name, status.groupId);
      expect({ ...status, description: row?.description }, JSON.stringify(outcome)).toEqual(row);
      expect(error, JSON.stringify(outcome)).toEqual(errorRow(error.id));
    }
  });

  it.each(['voice', 'sms'] as const)('is in a final group exactly when it is final, on %s', channel => {
    for (const outcome of everyOutcome()) {
      const intermediate =
        generalStatusOf(outcome, channel) === 'PENDING' || outcome.kind === 'delivered-to-operator';
      expect(isFinal(outcome), JSON.stringify(outcome)).toBe(!intermediate);
    }
  });

  it('never claims success with an error of a fault, nor a fault without one', () => {
    for (const outcome of everyOutcome().filter(({ kind }) => kind !== 'rejected')) {
      for (const channel of ['voice', 'sms'] as const) {
        const { status, error } = infobipResult(outcome, channel);
        const good = status.groupName === 'PENDING' || status.groupName === 'DELIVERED';
        expect(error.groupId === 0, JSON.stringify(outcome)).toBe(good);
      }
    }
  });
});

describe('what differs between the faces', () => {
  it.each([
    ['sms2', 'Ok'],
    ['sms3', 'OK'],
    ['tts3', 'OK'],
  ] as const)('%s spells %s', (face, spelling) => {
    const { error } = infobipResult({ kind: 'delivered' }, 'sms', okSpelling(face));
    expect(error.groupName).toBe(spelling);
    const bad = infobipResult({ kind: 'busy' }, 'sms', okSpelling(face));
    expect(bad.error.groupName).toBe('HANDSET_ERRORS');
    expect(errorRow(0)?.groupName).toBe('OK');
  });

  it('accepts a call and a text in the documented words', () => {
    expect(infobipResult({ kind: 'pending' }, 'voice').status).toEqual({
      groupId: 1,
      groupName: 'PENDING',
      id: 26,
      name: 'PENDING_ACCEPTED',
      description: 'Message accepted, pending for delivery.',
    });
    expect(infobipResult({ kind: 'pending' }, 'sms').status.description).toBe(
      'Message sent to next instance',
    );
  });

  it("names the callStatus of a PIN's call", () => {
    expect(callStatusName({ kind: 'pending' })).toBe('PENDING_ACCEPTED');
    expect(callStatusName(rejection('REJECTED_DESTINATION'))).toBe('REJECTED_DESTINATION');
  });
});
