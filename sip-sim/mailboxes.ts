import { randomBytes } from 'node:crypto';

import { z } from 'zod';

import type { SimClock, Timer } from './clock.ts';
import type { EventLog } from './events.ts';

/** What becomes of mail to an address: a public contract, see README.md. */
export const mailboxSchema = z.strictObject({
  outcome: z.enum(['accept', 'reject', 'defer', 'bounce']).default('accept'),
  /** How many mails that happens to before the rest is accepted; null is all. */
  count: z.number().int().min(1).nullable().default(null),
});

export type MailboxBehaviour = z.infer<typeof mailboxSchema>;
export type MailOutcome = MailboxBehaviour['outcome'];

const DEFAULT_BEHAVIOUR: MailboxBehaviour = mailboxSchema.parse({});

/** A mail as the control API tells it. */
export interface Mail {
  readonly id: string;
  /** Of the header: `a@b.c` or `Name <a@b.c>`. */
  readonly from: string;
  /** Of the envelope: whose mailbox it is. */
  readonly to: string;
  readonly envelopeFrom: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string | null;
  readonly messageId: string | null;
  readonly receivedAt: string;
}

export type ParsedMail = Pick<Mail, 'from' | 'subject' | 'text' | 'html' | 'messageId'>;

const MAX_BEHAVIOURS = 10_000;
const BOUNCE_MS = 200;

/** `Jane@Example.com` as `jane@example.com`; undefined for what is no address. */
export function parseAddress(text: string): string | undefined {
  const address = text.trim().toLowerCase();
  return address.length <= 254 && /^[^\s@<>]{1,64}@[^\s@<>]{1,253}$/.test(address) ? address : undefined;
}

/** Every address there is has a mailbox; the newest mails are kept. */
export class Mailboxes {
  readonly #deps: { readonly clock: SimClock; readonly events: EventLog };
  readonly #limit: number;
  readonly #mails = new Map<string, Mail>();
  readonly #bounces = new Set<Timer>();
  readonly #behaviours = new Map<string, MailboxBehaviour>();

  constructor(deps: { clock: SimClock; events: EventLog }, limit: number) {
    this.#deps = deps;
    this.#limit = limit;
  }

  get(address: string): MailboxBehaviour {
    return this.#behaviours.get(address) ?? DEFAULT_BEHAVIOUR;
  }

  set(address: string, behaviour: MailboxBehaviour): void {
    this.#behaviours.delete(address);
    this.#behaviours.set(address, behaviour);
    const oldest = this.#behaviours.keys().next();
    if (this.#behaviours.size > MAX_BEHAVIOURS && !oldest.done) this.#behaviours.delete(oldest.value);
  }

  /** What happens to one more mail to this address, counting it. */
  take(address: string): MailOutcome {
    const { outcome, count } = this.get(address);
    if (outcome === 'accept' || count === null) return outcome;
    if (count === 1) this.#behaviours.delete(address);
    else this.#behaviours.set(address, { outcome, count: count - 1 });
    return outcome;
  }

  deliver(to: string, envelopeFrom: string, mail: ParsedMail): void {
    const id = `ML${randomBytes(16).toString('hex')}`;
    const receivedAt = this.#deps.clock.wall().toISOString();
    this.#mails.set(id, { id, ...mail, to, envelopeFrom, receivedAt });
    const oldest = this.#mails.keys().next();
    if (this.#mails.size > this.#limit && !oldest.done) this.#mails.delete(oldest.value);
    this.#deps.events.emit('mail.received', { mail: id, to, from: envelopeFrom });
  }

  /** Comes back to the sender a little later, unless it is a bounce itself (RFC 5321 4.5.5). */
  bounce(to: string, envelopeFrom: string, mail: ParsedMail): void {
    this.#deps.events.emit('mail.bounced', { to, from: envelopeFrom });
    if (envelopeFrom === '') return;
    const text = [
      'The mail server could not deliver your mail.',
      '',
      `<${to}>: 550 5.1.1 no such mailbox`,
      `Subject: ${mail.subject}`,
      `Message-ID: ${mail.messageId ?? 'none'}`,
    ];
    const timer = this.#deps.clock.after(BOUNCE_MS, () => {
      this.#bounces.delete(timer);
      this.deliver(envelopeFrom, '', {
        from: 'Mail Delivery System <mailer-daemon@simulator.invalid>',
        subject: 'Undelivered Mail Returned to Sender',
        text: text.join('\n'),
        html: null,
        messageId: null,
      });
    });
    this.#bounces.add(timer);
  }

  /** Oldest first. */
  inbox(address: string): readonly Mail[] {
    return [...this.#mails.values()].filter(mail => mail.to === address);
  }

  /** Every address that has mail or was set, and how many mails it has. */
  list(): { address: string; outcome: MailOutcome; mails: number }[] {
    const counts = new Map<string, number>([...this.#behaviours.keys()].map(address => [address, 0]));
    for (const { to } of this.#mails.values()) counts.set(to, (counts.get(to) ?? 0) + 1);
    return [...counts].map(([address, mails]) => ({ address, outcome: this.get(address).outcome, mails }));
  }

  /** The newest `limit` mails to anyone, oldest first. */
  newest(limit: number): readonly Mail[] {
    return [...this.#mails.values()].slice(-limit);
  }

  mail(id: string): Mail | undefined {
    return this.#mails.get(id);
  }

  clear(): void {
    for (const timer of this.#bounces) timer.cancel();
    this.#bounces.clear();
    this.#mails.clear();
    this.#behaviours.clear();
  }
}
