import type { Clock } from '../clock.ts';
import { chance, type RandomBytes } from '../domain/ids.ts';
import type { CarrierError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { CallCarrier } from './carrier.ts';
import { CIRCUIT, Circuit, type CircuitSettings, type CircuitState } from './circuit.ts';
import type { MailCarrier, MessageCarrier } from './message-carrier.ts';

/** What a carrier is used for: its calls may be down while its texts work. */
export type CarrierUse = 'calls' | 'texts' | 'mail';

export interface CircuitView {
  readonly carrier: string;
  readonly use: CarrierUse;
  readonly state: CircuitState;
}

export interface CircuitsDeps {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly settings?: CircuitSettings;
}

/** The circuits of all carriers of this process: each node finds out for itself, and none waits for another's word. */
export interface Circuits {
  /** The same carriers, but that nothing new is asked of one that is down; all else goes through. */
  calls(carriers: ReadonlyMap<string, CallCarrier>): ReadonlyMap<string, CallCarrier>;
  texts(carriers: ReadonlyMap<string, MessageCarrier>): ReadonlyMap<string, MessageCarrier>;
  mail(carrier: MailCarrier): MailCarrier;
  /** A carrier had taken what it never confirmed: it works, and only its answers get lost. */
  adopted(carrier: string, use: CarrierUse): void;
  states(): readonly CircuitView[];
}

const UNANSWERED: ReadonlySet<CarrierError['reason']> = new Set(['timeout', 'unreachable', 'protocol']);
/** SMTP replies that are about the server: it is about to close, or cannot check a password now (RFC 5321 4.2.3, RFC 4954 6). */
const SMTP_OUTAGES: ReadonlySet<string> = new Set(['421', '454']);

/** One circuit for each carrier and use, with a log line for each of its changes. */
export function createCircuits(deps: CircuitsDeps): Circuits {
  const { clock, random, log } = deps;
  const circuits = new Map<string, { carrier: string; use: CarrierUse; circuit: Circuit }>();

  function open(carrier: string, use: CarrierUse): Circuit {
    const circuit = new Circuit(
      {
        what: `${carrier} (${use})`,
        clock,
        chance: () => chance(random),
        isOutage: use === 'mail' ? isMailOutage : isOutage,
        changed: ({ state, pauseMs, error }) => {
          const line = { carrier, use, state, ...(pauseMs !== undefined && { pauseMs }) };
          if (state === 'open')
            log.warn({ ...line, reason: error?.reason }, 'a carrier is down: circuit open');
          else if (state === 'half-open') log.info(line, 'looking whether a carrier is back');
          else log.info(line, 'a carrier is back: circuit closed');
        },
      },
      deps.settings ?? CIRCUIT,
    );
    circuits.set(`${use} ${carrier}`, { carrier, use, circuit });
    return circuit;
  }

  function each<Port extends { readonly name: string }>(
    carriers: ReadonlyMap<string, Port>,
    use: CarrierUse,
    guard: (carrier: Port, circuit: Circuit) => Port,
  ): ReadonlyMap<string, Port> {
    return new Map([...carriers].map(([name, carrier]) => [name, guard(carrier, open(name, use))]));
  }

  return {
    calls: carriers =>
      each(carriers, 'calls', (carrier, circuit) =>
        replacing(carrier, 'placeCall', (...request) => circuit.run(() => carrier.placeCall(...request))),
      ),
    texts: carriers =>
      each(carriers, 'texts', (carrier, circuit) =>
        replacing(carrier, 'sendText', (...request) => circuit.run(() => carrier.sendText(...request))),
      ),
    mail(carrier) {
      const circuit = open(carrier.name, 'mail');
      return replacing(carrier, 'sendMail', (...request) => circuit.run(() => carrier.sendMail(...request)));
    },
    adopted: (carrier, use) => circuits.get(`${use} ${carrier}`)?.circuit.alive(),
    states: () =>
      [...circuits.values()].map(({ carrier, use, circuit }) => ({ carrier, use, state: circuit.state })),
  };
}

/** 5xx, silence, resets and garbage. A refusal or "too many requests" is an answer. */
function isOutage({ reason }: CarrierError): boolean {
  return reason === 'server' || UNANSWERED.has(reason);
}

/** A mail server's 4yz is mostly about one mail (greylisting, a full box). */
function isMailOutage({ reason, carrierCode }: CarrierError): boolean {
  return UNANSWERED.has(reason) || (reason === 'server' && SMTP_OUTAGES.has(carrierCode ?? ''));
}

/** The same object but for one method, whatever else its port may grow. */
function replacing<Port extends object, Name extends keyof Port>(
  port: Port,
  name: Name,
  method: Port[Name],
): Port {
  return new Proxy(port, {
    get(target, key) {
      if (key === name) return method;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
