/** Twilio's REST errors that the simulator makes: code, HTTP status and text. */
const table = {
  20001: { status: 400, text: 'Invalid parameter' },
  20003: { status: 401, text: 'Authenticate' },
  20004: { status: 405, text: 'Method not allowed' },
  20404: { status: 404, text: 'The requested resource was not found' },
  20429: { status: 429, text: 'Too Many Requests' },
  20500: { status: 500, text: 'Internal Server Error' },
  20503: { status: 503, text: 'Service Unavailable' },
  21201: { status: 400, text: "No 'To' number specified" },
  21205: { status: 400, text: 'Url is not a valid URL' },
  21206: { status: 400, text: 'SendDigits parameter is invalid' },
  21207: { status: 400, text: 'MachineDetection parameter is invalid' },
  21208: { status: 400, text: 'Timeout parameter is invalid' },
  21211: { status: 400, text: "Invalid 'To' Phone Number" },
  21212: { status: 400, text: "Invalid 'From' Number" },
  21213: { status: 400, text: "'From' number is required" },
  21220: { status: 400, text: 'Call is not in-progress. Cannot redirect.' },
  21408: { status: 403, text: 'Permission to send an SMS has not been enabled for this region' },
  21602: { status: 400, text: 'Message body is required.' },
  21603: { status: 400, text: "A 'From' phone number is required." },
  21604: { status: 400, text: "A 'To' phone number is required." },
  21609: { status: 400, text: 'StatusCallback is not a valid URL' },
  21610: { status: 400, text: 'Attempt to send to unsubscribed recipient' },
  21612: { status: 400, text: "Message cannot be sent with the current combination of 'To' and 'From'" },
  21614: { status: 400, text: "'To' number is not a valid mobile number" },
  21617: { status: 400, text: 'The concatenated message body exceeds the 1600 character limit' },
  21626: { status: 400, text: 'StatusCallbackEvent is invalid' },
} as const;

export type TwilioCode = keyof typeof table;

/** Refusals of a text that depend on who is to get it; the first is the usual one. */
export const SMS_REFUSALS = [21610, 21211, 21408, 21612, 21614] as const satisfies readonly TwilioCode[];

/** An answer of the REST API that is not what was asked for. */
export class TwilioRestError extends Error {
  readonly code: TwilioCode;
  readonly status: number;

  constructor(code: TwilioCode, detail?: string) {
    super(detail === undefined ? table[code].text : `${table[code].text}: ${detail}`);
    this.code = code;
    this.status = table[code].status;
  }

  toJSON(): Record<string, unknown> {
    return {
      code: this.code,
      message: this.message,
      more_info: `https://www.twilio.com/docs/errors/${this.code}`,
      status: this.status,
    };
  }
}
