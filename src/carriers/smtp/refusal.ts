import { CarrierError } from '../../errors.ts';

/** What nodemailer tells of a failure. Its text is left out: servers quote addresses, and sometimes the mail. */
interface SmtpFailure {
  readonly code?: unknown;
  readonly responseCode?: unknown;
  readonly command?: unknown;
}

const REASONS: Readonly<Record<string, CarrierError['reason']>> = {
  ETIMEDOUT: 'timeout',
  ECONNECTION: 'unreachable',
  ESOCKET: 'unreachable',
  EDNS: 'unreachable',
  ETLS: 'unreachable',
  EAUTH: 'unauthorized',
  ENOAUTH: 'unauthorized',
  // Without a reply: refused by nodemailer, before the server saw it.
  EENVELOPE: 'rejected',
  EMESSAGE: 'rejected',
};
/** Trying again would end the same way. */
const FINAL = new Set<CarrierError['reason']>(['unauthorized', 'rejected', 'protocol']);

/**
 * A failure as a CarrierError. A reply decides: 4yz is "later", 5yz is "no" (RFC 5321 4.2.1), and neither took the mail.
 * Without one, a second try is safe only while no byte of the mail had left (`sent` false).
 */
export function smtpRefusal(what: string, error: unknown, sent: boolean): CarrierError {
  const failure: SmtpFailure = typeof error === 'object' && error !== null ? error : {};
  const code = typeof failure.code === 'string' && /^[A-Z]{2,20}$/.test(failure.code) ? failure.code : '';
  const reply = Number(failure.responseCode);
  if (Number.isInteger(reply) && reply >= 400 && reply <= 599) {
    const stage =
      typeof failure.command === 'string' ? (/^[A-Z]+(?: FROM| TO)?/.exec(failure.command)?.[0] ?? '') : '';
    return new CarrierError(replyReason(reply, code), {
      message: `smtp: ${what} was answered ${reply}${stage && ` to ${stage}`}`,
      retryable: reply < 500,
      carrierCode: String(reply),
    });
  }
  const reason = REASONS[code] ?? 'protocol';
  return new CarrierError(reason, {
    message: `smtp: ${what} failed${code && ` (${code})`}`,
    retryable: !FINAL.has(reason) && !sent,
  });
}

function replyReason(reply: number, code: string): CarrierError['reason'] {
  // 4yz first: 454 is a login that may work in a minute.
  if (reply < 500) return 'server';
  return code === 'EAUTH' || reply === 530 || reply === 534 || reply === 535 ? 'unauthorized' : 'rejected';
}
