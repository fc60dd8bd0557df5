import type { Behaviour, Call, Mail, Message, Told } from './wire.ts';

/** What one phone shows; every change comes from the simulator. */
export interface PhoneState {
  readonly connected: boolean;
  readonly number: string;
  readonly display: string;
  readonly country: string | null;
  readonly speed: number;
  readonly behaviour: Behaviour | undefined;
  /** Oldest first, as are messages and mails. */
  readonly calls: readonly Call[];
  readonly messages: readonly Message[];
  readonly mails: readonly Mail[];
}

export function emptyPhone(number: string): PhoneState {
  return {
    connected: false,
    number,
    display: number,
    country: null,
    speed: 1,
    behaviour: undefined,
    calls: [],
    messages: [],
    mails: [],
  };
}

/** As many as the simulator tells at the start. */
const KEPT = 100;

export function stepPhone(state: PhoneState, told: Told | { readonly type: 'lost' }): PhoneState {
  switch (told.type) {
    case 'hello': {
      const { type: _, ...rest } = told;
      return { ...rest, connected: true };
    }
    case 'call': {
      const known = state.calls.some(({ id }) => id === told.call.id);
      const calls = known
        ? state.calls.map(call => (call.id === told.call.id ? told.call : call))
        : [...state.calls, told.call].slice(-KEPT);
      return { ...state, calls };
    }
    case 'message':
      return { ...state, messages: [...state.messages, told.message].slice(-KEPT) };
    case 'mail':
      return { ...state, mails: [...state.mails, told.mail].slice(-KEPT) };
    case 'behaviour':
      return { ...state, behaviour: told.behaviour };
    case 'speed':
      return { ...state, speed: told.speed };
    case 'lost':
      return { ...state, connected: false };
    default:
      throw new TypeError(`nobody tells ${JSON.stringify(told satisfies never)}`);
  }
}

/** The call that the phone is busy with: the one being talked on, else the one that rings longest. */
export function currentCall(state: PhoneState): Call | undefined {
  return (
    state.calls.find(call => call.state === 'answered') ?? state.calls.find(call => call.state === 'ringing')
  );
}
