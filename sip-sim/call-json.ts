import type { Call } from './call.ts';
import { rfc2822 } from './wire.ts';

const SUBRESOURCES = {
  notifications: 'Notifications',
  recordings: 'Recordings',
  payments: 'Payments',
  events: 'Events',
  siprec: 'Siprec',
  streams: 'Streams',
  transcriptions: 'Transcriptions',
  user_defined_message_subscriptions: 'UserDefinedMessageSubscriptions',
  user_defined_messages: 'UserDefinedMessages',
} as const;

/** Twilio's JSON of a call (carrier-protocols.md 1.1). */
export function twilioCallJson(call: Call, accountSid: string): Record<string, unknown> {
  const uri = `/2010-04-01/Accounts/${accountSid}/Calls/${call.sid}`;
  const { to, from } = call.request;
  const over = call.state === 'ended';
  return {
    account_sid: accountSid,
    answered_by: call.answeredBy ?? null,
    api_version: '2010-04-01',
    caller_name: null,
    date_created: rfc2822(call.createdAt),
    date_updated: rfc2822(call.history.at(-1)?.at ?? call.createdAt),
    direction: 'outbound-api',
    duration: over ? String(call.durationSeconds) : null,
    end_time: call.endedAt ? rfc2822(call.endedAt) : null,
    forwarded_from: null,
    from,
    from_formatted: from,
    group_sid: null,
    parent_call_sid: null,
    phone_number_sid: '',
    price: null,
    price_unit: 'USD',
    queue_time: '0',
    sid: call.sid,
    start_time: call.answeredAt ? rfc2822(call.answeredAt) : null,
    status: call.status,
    subresource_uris: Object.fromEntries(
      Object.entries(SUBRESOURCES).map(([name, path]) => [name, `${uri}/${path}.json`]),
    ),
    to,
    to_formatted: to,
    trunk_sid: null,
    uri: `${uri}.json`,
  };
}

/** A call as the control API tells it: see README.md. */
export function controlCallJson(call: Call): Record<string, unknown> {
  return {
    id: call.sid,
    to: call.request.to,
    from: call.request.from,
    state: call.state,
    status: call.status,
    outcome: call.state === 'ended' ? call.status : null,
    endedBy: call.endedBy ?? null,
    sipCode: call.sipCode ?? null,
    answeredBy: call.answeredBy ?? null,
    createdAt: call.createdAt.toISOString(),
    answeredAt: call.answeredAt?.toISOString() ?? null,
    endedAt: call.endedAt?.toISOString() ?? null,
    states: call.history.map(({ state, status, at, ms }) => ({ state, status, at: at.toISOString(), ms })),
    keysPressed: call.keys.map(({ key }) => key).join(''),
    keys: call.keys,
    firstAudioAt: call.firstSound?.at.toISOString() ?? null,
    firstAudioMs: call.firstSound?.ms ?? null,
    secondsHeard: call.soundMs / 1000,
    secondsRecorded: call.recording.seconds,
    recordingTruncated: call.recording.truncated,
    notices: call.notices,
  };
}
