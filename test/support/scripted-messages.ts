import type { RawWebhook } from '../../src/carriers/carrier.ts';
import type {
  MailCarrier,
  MessageCarrier,
  NumberContext,
  NumberLookup,
  SendMail,
  SendText,
  TextEvent,
} from '../../src/carriers/message-carrier.ts';
import { ServiceError } from '../../src/errors.ts';

/** A carrier of texts whose wire is JSON; what it answers is the test's to say. */
export class ScriptedTexts implements MessageCarrier {
  readonly name: string;
  readonly texts: SendText[] = [];
  /** For the next texts; after the list is used up: accepted as SM1, SM2, … */
  answers: (() => Promise<{ carrierMessageId: string }>)[] = [];
  findText?: NonNullable<MessageCarrier['findText']>;

  constructor(name = 'scripted') {
    this.name = name;
  }

  async sendText(request: SendText): Promise<{ carrierMessageId: string }> {
    this.texts.push(request);
    const answer = this.answers.shift();
    return answer ? await answer() : { carrierMessageId: `SM${this.texts.length}` };
  }

  verifyWebhook({ headers, url }: RawWebhook): boolean {
    return headers['x-signature'] === `signed ${url}`;
  }

  parseTextWebhook({ rawBody }: RawWebhook) {
    try {
      return JSON.parse(rawBody.toString()) as { carrierMessageId: string; events: TextEvent[] };
    } catch (error) {
      throw new ServiceError('badRequest', { cause: error });
    }
  }
}

export class ScriptedMail implements MailCarrier {
  readonly name = 'scripted-mail';
  readonly mails: SendMail[] = [];
  /** For the next mails; after the list is used up: accepted. */
  answers: (() => Promise<{ carrierMessageId: string }>)[] = [];

  async sendMail(request: SendMail): Promise<{ carrierMessageId: string }> {
    this.mails.push(request);
    const answer = this.answers.shift();
    return answer ? await answer() : { carrierMessageId: `<${this.mails.length}@mail>` };
  }

  async verify() {}

  async close() {}
}

export class ScriptedLookup implements NumberLookup {
  readonly name = 'scripted-lookup';
  readonly asked: string[] = [];
  reachable: NumberContext['reachable'] = 'reachable';
  /** Instead of an answer. */
  instead: (() => Promise<never>) | undefined;

  async lookup(to: string): Promise<NumberContext> {
    this.asked.push(to);
    if (this.instead) return await this.instead();
    return { to, reachable: this.reachable, ported: false, roaming: false };
  }
}

/** A signed status report. */
export function textReport(
  url: string,
  carrierMessageId: string,
  event?: Partial<TextEvent> & { type: TextEvent['type'] },
): RawWebhook {
  const events = event ? [{ carrierMessageId, ...event }] : [];
  return {
    method: 'POST',
    url,
    headers: { 'x-signature': `signed ${url}` },
    rawBody: Buffer.from(JSON.stringify({ carrierMessageId, events })),
  };
}
