import type { WebSocket } from 'ws';

import type {
  CallCarrier,
  CarrierEvent,
  MediaStream,
  ParsedWebhook,
  PlaceCall,
  RawWebhook,
  Step,
} from '../../src/carriers/carrier.ts';
import { ServiceError } from '../../src/errors.ts';

/** What a test says in a webhook of this carrier; the call id is filled in. */
export type Said = Partial<Omit<ParsedWebhook, 'events'>> & {
  readonly events?: readonly (CarrierEvent extends infer Event
    ? Event extends CarrierEvent
      ? Omit<Event, 'carrierCallId'>
      : never
    : never)[];
};

/**
 * A carrier whose wire is JSON: webhooks are signed by a header, documents are lists of steps, a "socket" is the media
 * stream itself. What the REST side answers is the test's to say.
 */
export class ScriptedCarrier implements CallCarrier {
  readonly name: string;
  readonly capabilities;
  readonly placed: PlaceCall[] = [];
  readonly hungUp: string[] = [];
  /** The answer to the next `placeCall`s; after the list is used up: accepted as CA1, CA2, ... */
  answers: (() => Promise<{ carrierCallId: string }>)[] = [];
  onHangup: (carrierCallId: string) => Promise<void> = async () => {};

  constructor(options: { name?: string; media?: boolean } = {}) {
    this.name = options.name ?? 'scripted';
    this.capabilities = { media: options.media ?? true, script: true, machineDetection: true };
  }

  async placeCall(request: PlaceCall): Promise<{ carrierCallId: string }> {
    this.placed.push(request);
    const answer = this.answers.shift();
    return answer ? await answer() : { carrierCallId: `CA${this.placed.length}` };
  }

  async hangup(carrierCallId: string): Promise<void> {
    this.hungUp.push(carrierCallId);
    await this.onHangup(carrierCallId);
  }

  verifyWebhook(request: RawWebhook): boolean {
    return request.headers['x-signature'] === `signed ${request.url}`;
  }

  parseWebhook(request: RawWebhook): ParsedWebhook {
    try {
      return JSON.parse(request.rawBody.toString()) as ParsedWebhook;
    } catch (error) {
      throw new ServiceError('badRequest', { cause: error });
    }
  }

  renderScript(steps: readonly Step[]) {
    return { status: 200, contentType: 'application/json', body: JSON.stringify(steps) };
  }

  openMedia(socket: WebSocket): MediaStream {
    return socket as unknown as MediaStream;
  }
}

/** A signed request of that carrier. */
export function webhookOf(url: string, carrierCallId: string, said: Said): RawWebhook {
  const events = (said.events ?? []).map(event => ({ ...event, carrierCallId }));
  return {
    method: 'POST',
    url,
    headers: { 'x-signature': `signed ${url}` },
    rawBody: Buffer.from(JSON.stringify({ carrierCallId, ...said, events })),
  };
}
