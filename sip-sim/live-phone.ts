import type { WebSocket } from 'ws';

import { controlCallJson } from './call-json.ts';
import type { Call } from './call.ts';
import type { Calls } from './calls.ts';
import type { EventLog, SimEvent } from './events.ts';
import { MULAW_SILENCE } from './g711.ts';
import type { Mailboxes } from './mailboxes.ts';
import { inboxJson, type Messages } from './messages.ts';
import { writtenNumber } from './numbering.ts';
import type { Behaviour, Phones } from './phone.ts';

export interface LivePhoneDeps {
  readonly calls: Calls;
  readonly messages: Messages;
  readonly mailboxes: Mailboxes;
  readonly phones: Phones;
  readonly events: EventLog;
  readonly speed: () => number;
}

/** What is told at the start; older things are in the control API. */
const KEPT_CALLS = 50;
const KEPT_MESSAGES = 100;
/** A page that does not read loses sound rather than memory: two seconds of it. */
const MAX_UNREAD = 20_000;
const SID_BYTES = 34;

/**
 * A page that holds one phone: all that happens to the phone as JSON, and what it hears as binary frames of 20 ms, `CallSid`
 * (34 bytes ASCII), the frame's index since the answer (uint32, little-endian) and 160 bytes of mu-law, or none for silence. While
 * it is open, a phone that was not set up waits for its person. README.md has the messages.
 */
export function servePhone(deps: LivePhoneDeps, socket: WebSocket, number: string): void {
  const { calls, messages, mailboxes, phones, events } = deps;
  const tell = (message: Readonly<Record<string, unknown>>): void => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
  };
  const hear = new Map<Call, () => void>();
  const attend = (call: Call): void => {
    if (call.state === 'ended' || hear.has(call)) return;
    const sid = Buffer.from(call.sid, 'latin1');
    hear.set(
      call,
      call.overhear((frame, index) => {
        if (socket.bufferedAmount > MAX_UNREAD) return;
        socket.send(audioFrame(sid, index, frame));
      }),
    );
  };
  const tellCall = (sid: unknown): void => {
    const call = typeof sid === 'string' ? calls.get(sid) : undefined;
    if (call?.request.to !== number) return;
    attend(call);
    if (call.state === 'ended') hear.delete(call);
    tell({ type: 'call', call: phoneCallJson(call) });
  };
  const onEvent = ({ type, data }: SimEvent): void => {
    switch (type) {
      case 'call.state':
      case 'call.key':
      case 'call.machine':
        return tellCall(data.call);
      case 'message.status': {
        const message =
          data.to === number && data.status === 'delivered' && messages.get(String(data.message));
        return message ? tell({ type: 'message', message: inboxJson(message) }) : undefined;
      }
      case 'mail.received': {
        const mail = mailboxes.mail(String(data.mail));
        return mail && tell({ type: 'mail', mail });
      }
      case 'phone.updated':
        return data.number === number
          ? tell({ type: 'behaviour', behaviour: told(phones.get(number)) })
          : undefined;
      case 'settings.updated':
        return tell({ type: 'speed', speed: deps.speed() });
      case 'reset':
        return hello();
      default:
        return undefined;
    }
  };
  const hello = (): void => {
    const mine = calls.to(number);
    tell({
      type: 'hello',
      number,
      ...writtenNumber(number),
      speed: deps.speed(),
      behaviour: told(phones.get(number)),
      calls: mine.slice(-KEPT_CALLS).map(phoneCallJson),
      messages: messages.inbox(number).slice(-KEPT_MESSAGES).map(inboxJson),
      mails: mailboxes.newest(KEPT_MESSAGES),
    });
    for (const call of mine) attend(call);
  };

  const putDown = phones.hold(number);
  events.emit('phone.updated', { number, outcome: phones.get(number).outcome });
  const leave = events.listen(onEvent);
  hello();
  socket.on('close', () => {
    leave();
    for (const stop of hear.values()) stop();
    hear.clear();
    putDown();
    events.emit('phone.updated', { number, outcome: phones.get(number).outcome });
  });
  socket.on('error', () => socket.terminate());
}

/** A call of the control API, and its caller as people write them. */
function phoneCallJson(call: Call): Record<string, unknown> {
  const { display, country } = writtenNumber(call.request.from);
  return { ...controlCallJson(call), fromDisplay: display, fromCountry: country };
}

/** A behaviour without the greeting's megabytes; the control API has them. */
function told(behaviour: Behaviour): Record<string, unknown> {
  const { greetingWav, ...rest } = behaviour;
  return { ...rest, hasGreeting: greetingWav !== null };
}

function audioFrame(sid: Buffer, index: number, frame: Uint8Array | undefined): Buffer {
  const sound = frame?.some(byte => byte !== MULAW_SILENCE) ? frame : undefined;
  const message = Buffer.allocUnsafe(SID_BYTES + 4 + (sound?.length ?? 0));
  sid.copy(message);
  message.writeUInt32LE(index, SID_BYTES);
  if (sound) message.set(sound, SID_BYTES + 4);
  return message;
}
