/** What every webhook of a call says (carrier-protocols.md 1.2); the places are empty, as they are for most numbers. */
export function callParameters(call: {
  accountSid: string;
  callSid: string;
  to: string;
  from: string;
  status: string;
  answeredBy: string | undefined;
}): Record<string, string> {
  const places = ['To', 'From', 'Called', 'Caller'].flatMap(party =>
    ['City', 'State', 'Zip', 'Country'].map(name => [`${party}${name}`, '']),
  );
  return {
    AccountSid: call.accountSid,
    ApiVersion: '2010-04-01',
    CallSid: call.callSid,
    CallStatus: call.status,
    Called: call.to,
    Caller: call.from,
    Direction: 'outbound-api',
    From: call.from,
    To: call.to,
    ...Object.fromEntries(places),
    ...(call.answeredBy !== undefined && { AnsweredBy: call.answeredBy }),
  };
}

/** `Tue, 10 Aug 2010 08:02:17 +0000`, as Twilio writes dates. */
export function rfc2822(date: Date): string {
  return date.toUTCString().replace('GMT', '+0000');
}
