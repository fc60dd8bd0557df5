import type { Callbacks } from './callbacks.ts';
import type { SimClock } from './clock.ts';
import type { Line } from './line.ts';
import { MediaStream, type StreamEnd } from './media-stream.ts';
import { newSid, type Random } from './random.ts';
import type { Faults, Injected } from './settings.ts';
import type { Connect } from './twiml.ts';

export interface StreamDeps {
  readonly accountSid: string;
  readonly authToken: string;
  readonly clock: SimClock;
  readonly callbacks: Callbacks;
  readonly random: () => Random;
  readonly faults: () => Faults['media'];
  readonly injected: Injected;
  readonly maxStreamBufferSeconds: number;
}

export interface StreamingCall {
  readonly callSid: string;
  readonly line: Line;
  readonly notice: (code: number, message: string) => void;
  readonly event: (type: string, data: Readonly<Record<string, unknown>>) => void;
}

/** In the error log, and yet no failure: closing the socket is how a customer returns to the document. */
const CLOSED_BY_CUSTOMER = 31921;

/**
 * Carries out `<Connect><Stream>`: the socket with whatever fault the settings want, and its status callbacks. Resolves
 * when the document goes on. @throws the signal's reason
 */
export async function runStream(
  deps: StreamDeps,
  call: StreamingCall,
  { stream }: Connect,
  signal: AbortSignal,
): Promise<StreamEnd> {
  const { accountSid, authToken } = deps;
  const { callSid, line, notice } = call;
  const streamSid = newSid('MZ');
  const faults = deps.faults();
  const spoiled = faults.mode !== 'none' && deps.random().chance(faults.rate);
  if (spoiled) deps.injected.media++;
  const media = new MediaStream({
    url: stream.url,
    parameters: stream.parameters,
    accountSid,
    callSid,
    streamSid,
    authToken,
    line,
    notice,
    maxBufferSeconds: deps.maxStreamBufferSeconds,
    fault: { mode: spoiled ? faults.mode : 'none', afterMs: faults.afterMs },
    event: (type, data) => call.event(type, { stream: streamSid, ...data }),
  });
  const report = (event: 'stream-started' | 'stream-stopped' | 'stream-error', error?: number): void => {
    call.event(`media.${event.replace('stream-', '')}`, { stream: streamSid, error: error ?? null });
    if (stream.statusCallback === undefined) return;
    deps.callbacks.send({
      kind: 'stream-status',
      subject: callSid,
      url: stream.statusCallback,
      method: stream.statusCallbackMethod,
      parameters: {
        AccountSid: accountSid,
        CallSid: callSid,
        StreamSid: streamSid,
        StreamName: stream.name ?? streamSid,
        StreamEvent: event,
        ...(error !== undefined && { StreamError: String(error) }),
        Timestamp: deps.clock.wall().toISOString(),
      },
    });
  };
  let started = false;
  try {
    const end = await media.run(signal, () => {
      started = true;
      report('stream-started');
    });
    if (end.error !== CLOSED_BY_CUSTOMER) report('stream-error', end.error);
    return end;
  } finally {
    if (started) report('stream-stopped');
  }
}
