import type { PinMessage, PinMessageReport, PinMessageState } from '../domain/pin-message.ts';
import type { CallRef, PinId, PinRecord } from '../domain/types.ts';
import type { CreatePin, LimitHit, NewEvent, NewTimer, SendLimits } from './store.ts';

/** PINs that go by SMS or e-mail: the part of the store's port that texts and mail need. */
export interface PinMessageStore {
  /** As `createPin`, with a message in place of the call. */
  createPinMessage(request: CreatePinMessage): Promise<CreatePinMessageResult>;
  /** As `addDelivery`: the PIN is alive, and both limits count it. */
  addPinMessage(request: AddPinMessage): Promise<CreatePinMessageResult | { readonly outcome: 'dead' }>;
  getPinMessage(ref: CallRef): Promise<PinMessage | undefined>;
  /**
   * Moves a message up; a step down or sideways changes nothing, except that `carrierMessageId` is taken while none is
   * known. The PIN counts as sent once a carrier has it: it has an id.
   */
  stepPinMessage(step: PinMessageStep): Promise<{ applied: boolean; message: PinMessage | undefined }>;
  /** Write-ahead of a further try: only while `sending`, without a carrier's id, at `expectedTries`, and as for `claimRedial`. */
  claimPinMessage(request: {
    ref: CallRef;
    expectedTries: number;
    arm: readonly NewTimer[];
  }): Promise<PinMessage | undefined>;
}

export type NewPinMessage = Pick<
  PinMessage,
  'ref' | 'pinId' | 'applicationId' | 'channel' | 'carrier' | 'to' | 'from' | 'content'
>;

/** Starts in state `sending` with `tries: 1`. */
export type CreatePinMessage = Omit<CreatePin, 'delivery'> & { readonly message: NewPinMessage };

export interface AddPinMessage {
  readonly opId: string;
  readonly pinId: PinId;
  readonly message: NewPinMessage;
  readonly limits: SendLimits;
  readonly timers: readonly NewTimer[];
  readonly events: readonly NewEvent[];
}

export type CreatePinMessageResult =
  | { readonly outcome: 'created'; readonly pin: PinRecord; readonly message: PinMessage }
  | LimitHit;

export interface PinMessageStep {
  readonly ref: CallRef;
  readonly to: PinMessageState;
  readonly carrierMessageId?: string;
  readonly report?: PinMessageReport;
  /** Only when applied. */
  readonly arm?: readonly NewTimer[];
  readonly cancel?: readonly string[];
  readonly events?: readonly NewEvent[];
}
