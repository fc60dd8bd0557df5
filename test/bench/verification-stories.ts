import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { TELEPHONE_RATE } from '../../sip-sim/audio.ts';
import { Ear } from '../../sip-sim/ear.ts';
import { decodeMulaw } from '../../sip-sim/g711.ts';
import { encodeWav } from '../../sip-sim/wav.ts';
import { CallingCarrier } from '../support/calling-carrier.ts';
import { LeanClient } from '../support/lean-client.ts';
import { startSimProcess } from '../support/sim-process.ts';
import { TextingCarrier } from '../support/texting-carrier.ts';

/** Who is asked: the service, or the floor beneath it. */
export interface Target {
  readonly url: string;
  readonly apiKey: string;
}

export interface Ids {
  readonly applicationId: string;
  readonly messageId: string;
}

/** One way in which PINs come to people, with the carrier that brings them. */
export interface Story {
  readonly title: string;
  readonly atATime: number;
  /** Over so many milliseconds those who are there at a time begin one after the other. */
  readonly beginOverMs: number;
  /** How many are done before it is warm. */
  readonly warmUps: number;
  /** For SAYPIN_CONFIG. */
  readonly carrier: Readonly<Record<string, unknown>>;
  /** What the floor needs to know of the carrier. */
  readonly floor: Readonly<Record<string, string>>;
  /** Most of one, quickly: a machine that has done little does it with code that is not compiled yet. */
  warmUp(client: Client, to: string): Promise<void>;
  /** One whole verification of this number. @throws Error where anything of it is not as it should be */
  run(client: Client, to: string): Promise<void>;
  /** Of what was heard since the last time, for the report. */
  heard(): string;
  close(): Promise<void>;
}

/** Infobip's API, by a client that costs little. */
export class Client {
  readonly #http: LeanClient;
  readonly #ids: Ids;
  readonly #headers: Readonly<Record<string, string>>;

  constructor({ url, apiKey }: Target, ids: Ids, sockets: number) {
    this.#http = new LeanClient(Number(new URL(url).port), sockets);
    this.#ids = ids;
    this.#headers = { authorization: `App ${apiKey}`, 'content-type': 'application/json' };
  }

  async send(path: '/2fa/2/pin' | '/2fa/2/pin/voice', to: string): Promise<string> {
    const { pinId } = await this.#post<{ pinId: string }>(path, { ...this.#ids, to: to.slice(1) });
    return pinId;
  }

  async verify(pinId: string, pin: string): Promise<void> {
    const { verified } = await this.#post<{ verified: boolean }>(`/2fa/2/pin/${pinId}/verify`, { pin });
    if (!verified) throw new Error('a right PIN was refused');
  }

  close(): void {
    this.#http.close();
  }

  async #post<Body>(path: string, body: object): Promise<Body> {
    const { status, text } = await this.#http.post(path, JSON.stringify(body), this.#headers);
    if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
    return JSON.parse(text) as Body;
  }
}

/** Sent, handed to the carrier, `sent` and `delivered` told by webhooks, typed in. */
export async function textStory(atATime: number): Promise<Story> {
  const carrier = await TextingCarrier.start();
  const run = async (client: Client, to: string): Promise<void> => {
    const pinId = await client.send('/2fa/2/pin', to);
    const { body } = await carrier.read(to);
    await client.verify(pinId, /\d{4,}/.exec(body)?.[0] ?? '');
    if (carrier.refused > 0) throw new Error('a callback was refused');
  };
  return {
    title: 'by text',
    atATime,
    beginOverMs: 0,
    warmUps: 800,
    carrier: carrier.config,
    floor: { TEXTS: String(carrier.config['baseUrl']) },
    warmUp: run,
    run,
    heard: () => '',
    close: async () => await Promise.resolve(carrier.close()),
  };
}

/** Nominal: nobody's call is over before. */
const SHORTEST_CALL_MS = 8_000;
const LOOK_EVERY_MS = 100;
const PIN_LENGTH = 6;
const CALL_PATIENCE_MS = 60_000;

interface SimCall {
  readonly id: string;
  readonly state: string;
  readonly secondsHeard: number;
  readonly secondsRecorded: number;
}

/** Placed, answered, heard to its end over a media socket, hung up by the service, told so by webhooks, typed in. `speed`: nominal time to real time. */
export async function callStory(atATime: number, speed: number): Promise<Story> {
  const [simulator, ear] = await Promise.all([startSimProcess(speed), Ear.create()]);
  let [calls, seconds] = [0, 0];
  const ask = async (path: string, init?: RequestInit): Promise<Response> => {
    const answer = await fetch(`${simulator.url}${path}`, init);
    if (!answer.ok) throw new Error(`simulator ${path}: ${answer.status}`);
    return answer;
  };

  async function ended(phone: string): Promise<SimCall> {
    for (const end = performance.now() + CALL_PATIENCE_MS; performance.now() < end;) {
      const answer = await ask(`/phones/${phone}/calls`);
      const [call] = ((await answer.json()) as { calls: SimCall[] }).calls;
      if (call?.state === 'ended') return call;
      await pause(LOOK_EVERY_MS);
    }
    throw new Error('a call did not end');
  }

  return {
    title: 'by call',
    atATime,
    beginOverMs: SHORTEST_CALL_MS / speed,
    warmUps: 400,
    carrier: simulator.carrier,
    floor: { CALLS: simulator.url },
    async warmUp(client, to) {
      await ask(`/phones/${to}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ outcome: 'busy', answerAfterMs: 0 }),
      });
      await client.send('/2fa/2/pin/voice', to);
      await ended(to);
    },
    async run(client, to) {
      const pinId = await client.send('/2fa/2/pin/voice', to);
      await pause(SHORTEST_CALL_MS / speed);
      const call = await ended(to);
      const sound = new Uint8Array(await (await ask(`/calls/${call.id}/audio.wav`)).arrayBuffer());
      const [pin = ''] = ear.listen(sound).readings;
      // The floor is silent.
      if (call.secondsHeard > 0 && !/^\d{6}$/.test(pin))
        throw new Error('misheard: the machine is too slow for so many calls at this speed');
      await client.verify(pinId, pin);
      calls++;
      seconds += call.secondsRecorded;
    },
    heard() {
      const each = (seconds / Math.max(1, calls)).toFixed(1);
      [calls, seconds] = [0, 0];
      return `, ${each} s each`;
    },
    close: async () => await simulator.stop(),
  };
}

/**
 * As `callStory`, in real time, by a carrier that costs so little that there can be hundreds of calls at a time: the load of a node that is in use. What
 * the digits sound like is learned from the first calls, by ear.
 */
export async function crowdStory(atATime: number): Promise<Story> {
  const [carrier, ear] = await Promise.all([CallingCarrier.start(), Ear.create()]);
  const digits = new Map<string, string>();
  let [calls, frames] = [0, 0];

  function pinOf(pieces: readonly Buffer[]): string {
    const names = pieces.slice(0, PIN_LENGTH).map(piece => createHash('sha1').update(piece).digest('hex'));
    if (names.every(name => digits.has(name))) return names.map(name => digits.get(name)).join('');
    const [pin = ''] = ear.listen(encodeWav(decodeMulaw(Buffer.concat(pieces)), TELEPHONE_RATE)).readings;
    if (pin.length === PIN_LENGTH)
      for (const [place, name] of names.entries()) digits.set(name, pin.charAt(place));
    return pin;
  }

  const run = async (client: Client, to: string): Promise<void> => {
    const pinId = await client.send('/2fa/2/pin/voice', to);
    const heard = await carrier.listen(to);
    await client.verify(pinId, pinOf(heard.pieces));
    if (carrier.refused > 0) throw new Error('a callback was refused');
    calls++;
    frames += heard.frames;
  };
  return {
    title: 'by call, in a crowd',
    atATime,
    beginOverMs: SHORTEST_CALL_MS,
    warmUps: 0,
    carrier: carrier.config,
    floor: { CALLS: carrier.url },
    warmUp: run,
    run,
    heard() {
      const each = ((frames * 20) / 1_000 / Math.max(1, calls)).toFixed(1);
      [calls, frames] = [0, 0];
      return `, ${each} s each`;
    },
    close: async () => await Promise.resolve(carrier.close()),
  };
}
