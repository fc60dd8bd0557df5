import { createSmtpCarrier, type SmtpConfig } from '../../carriers/smtp/index.ts';
import type { TwilioConfig } from '../../carriers/twilio/index.ts';
import { createTwilioRest, refusal } from '../../carriers/twilio/rest.ts';
import type { Clock } from '../../clock.ts';
import { CarrierError } from '../../errors.ts';
import { createLogger } from '../../log.ts';
import type { Findings } from './finding.ts';
import { witnessOf, type Witness } from './machine.ts';

type Deps = { readonly clock: Clock; readonly findings: Findings };

/**
 * Reads one call from the account's list, which changes nothing. The auth token is tried even where an API key is used for
 * requests: it is what Twilio signs its webhooks with, and a wrong one makes every webhook a forged one.
 */
export async function checkTwilio(
  config: TwilioConfig,
  { clock, findings }: Deps,
): Promise<Witness | undefined> {
  const { apiKeySid, apiKeySecret: _, ...byToken } = config;
  const ways: readonly { what: string; config: TwilioConfig }[] = [
    { what: 'authToken', config: byToken },
    ...(apiKeySid === undefined ? [] : [{ what: 'apiKeySid and apiKeySecret', config }]),
  ];
  let witness: Witness | undefined;
  for (const way of ways) {
    let date: string | null = null;
    const started = clock.monotonic();
    const rest = createTwilioRest(way.config, {
      clock,
      async fetch(input, init) {
        const response = await fetch(input, init);
        date = response.headers.get('date');
        return response;
      },
    });
    try {
      const query = new URLSearchParams({ PageSize: '1' });
      const reply = await rest.get({ what: 'a read of the list of calls', path: '/Calls.json', query });
      witness = witnessOf(new URL(config.baseUrl).host, date, clock, clock.monotonic() - started);
      if (reply.status >= 300) throw refusal('a read of the list of calls', reply);
      findings.ok(`${config.name}: ${config.baseUrl} takes the ${way.what}`);
    } catch (error) {
      if (!(error instanceof CarrierError)) throw error;
      report(`carrier ${config.name}, ${way.what}`, error, twilioAdvice(config, way.what, error), findings);
    }
  }
  return witness;
}

/** Says hello to the server, logs in, and goes. */
export async function checkSmtp(config: SmtpConfig, { clock, findings }: Deps): Promise<void> {
  const carrier = createSmtpCarrier(config, { clock, log: createLogger('silent') });
  const where = `${config.host}:${config.port}`;
  try {
    await carrier.verify();
    findings.ok(`${config.name}: ${where} takes mail`);
  } catch (error) {
    if (!(error instanceof CarrierError)) throw error;
    report(`mail server ${where}`, error, smtpAdvice(config, error), findings);
  } finally {
    await carrier.close();
  }
}

function report(who: string, error: CarrierError, fix: string, findings: Findings): void {
  const text = `${who}: ${error.message}`;
  if (error.reason === 'rate-limited' || error.reason === 'server') findings.warning(text, fix);
  else findings.error(text, fix);
}

function twilioAdvice({ name, baseUrl }: TwilioConfig, what: string, { reason }: CarrierError): string {
  switch (reason) {
    case 'unauthorized':
    case 'rejected':
      return `copy accountSid and ${what} of carrier "${name}" from https://console.twilio.com anew, and see there that the account is active`;
    case 'unreachable':
    case 'timeout':
      return `let this machine reach ${new URL(baseUrl).host}: its name server, its firewall, its way out`;
    default:
      return 'try again in a minute, and look at https://status.twilio.com';
  }
}

function smtpAdvice({ host, port, user, secure }: SmtpConfig, { reason }: CarrierError): string {
  switch (reason) {
    case 'unauthorized':
      return user === undefined
        ? `set user and pass: ${host} wants a login`
        : 'correct user and pass; many providers want a password made for programs';
    case 'unreachable':
    case 'timeout':
      return `correct host and port (${port}), let the firewall pass it, and set "secure" to ${String(port === 465 ? true : !secure)} if the port speaks the other kind of TLS`;
    default:
      return 'ask who runs the mail server why it refuses this machine; its address may be on a block list';
  }
}
