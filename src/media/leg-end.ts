import type { MediaStream } from '../carriers/carrier.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';

/** The leg of a dialogue that is over. */
export interface Leg {
  readonly stream: Pick<MediaStream, 'close'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly hangup: (signal: AbortSignal) => Promise<void>;
  /** Resolves when the stream is closed. */
  readonly closed: Promise<void>;
}

const TRIES = 2;

/**
 * Ends the call at the carrier, who then ends the stream. Closing it ourselves is the last resort, since Twilio books
 * that as an error (carrier-protocols.md 1.4); but where the carrier's REST does not answer, it still ends the call,
 * because no document goes on behind the stream.
 * Resolves, never rejects, when the stream is closed or was told to.
 */
export async function endLeg(
  leg: Leg,
  options: { callIsOver: boolean; hangupMs: number; closeMs: number },
): Promise<void> {
  const asked = options.callIsOver || (await askCarrier(leg, options.hangupMs));
  if (await within(leg, asked ? options.closeMs : 0)) return;
  try {
    leg.stream.close();
  } catch (error) {
    leg.log.warn({ err: error }, 'media stream did not close');
  }
}

async function askCarrier(leg: Leg, hangupMs: number): Promise<boolean> {
  for (let tries = 0; tries < TRIES; tries++) {
    const controller = new AbortController();
    const { signal } = controller;
    const timer = leg.clock.after(hangupMs, () => controller.abort());
    try {
      await Promise.race([leg.hangup(signal), aborted(signal)]);
      return true;
    } catch (error) {
      leg.log.warn({ err: error }, 'the carrier did not hang up');
    } finally {
      timer.cancel();
    }
  }
  return false;
}

/** Whether the stream closes by itself in time. */
async function within(leg: Leg, ms: number): Promise<boolean> {
  return await new Promise(resolve => {
    const timer = leg.clock.after(ms, () => resolve(false));
    const closed = (): void => {
      timer.cancel();
      resolve(true);
    };
    void leg.closed.then(closed);
  });
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('timed out')), { once: true });
  });
}
