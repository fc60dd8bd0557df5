import { assertNever } from './assert-never.ts';
import { gateKeysOf, judgeGate } from './dialog-gate.ts';
import { MAX_REPEATS } from './dialog-message.ts';
import type { AnsweredBy, DialogConfig, DialogReport, EndCause } from './dialog-types.ts';
import { gatherConfig, isKey, isTrigger } from './gather.ts';

/**
 * The same dialogue for carriers that take a document and answer with webhooks (TwiML's Say and Gather). There are no
 * marks and no timers here: the carrier collects, with one time-out for the first and the later keys, and cuts a
 * nested prompt at the first key.
 */

/** Neutral markup. `prompt` of a `collect` is said while keys are already collected. */
export type MarkupStep =
  | { readonly do: 'pause'; readonly ms: number }
  | { readonly do: 'message'; readonly times: number }
  | { readonly do: 'gate'; readonly keys: string }
  | {
      readonly do: 'collect';
      readonly prompt: readonly MarkupStep[];
      readonly maxDigits: number;
      readonly finishOn: '#';
      readonly timeoutMs: number;
    }
  | { readonly do: 'hangup' };

export type MarkupInput =
  | { readonly type: 'answered'; readonly answeredBy?: AnsweredBy }
  /** `complete`: by `#` or by number, not by time-out; both end the input. */
  | { readonly type: 'digits'; readonly digits: string; readonly complete: boolean }
  /** The collection timed out with no key. */
  | { readonly type: 'silence' };

/** Plain JSON: it is stored between two webhooks. Holds pressed keys. */
export interface MarkupState {
  /** `last`: the message is said once more, uncut, and nothing is listened for. */
  readonly at: 'idle' | 'gate' | 'message' | 'last' | 'ended';
  readonly answeredBy: AnsweredBy;
  readonly gate: DialogReport['gate'];
  readonly gatePrompts: number;
  readonly said: boolean;
  readonly repeats: number;
  readonly inputs: readonly string[];
  readonly dropped: number;
  readonly cause: EndCause | null;
  /** The first document of the call: the pause after the answer belongs to it. */
  readonly first: boolean;
}

export interface MarkupTurn {
  readonly state: MarkupState;
  readonly document: readonly MarkupStep[];
}

const GATE_MS = 10_000;
const TAIL_MS = 500;

/** The state to store when the call is placed; its document is empty, the answer webhook gets the first one. */
export function markupStart(_config: DialogConfig): MarkupTurn {
  const state: MarkupState = {
    at: 'idle',
    answeredBy: 'unknown',
    gate: 'none',
    gatePrompts: 0,
    said: false,
    repeats: 0,
    inputs: [],
    dropped: 0,
    cause: null,
    first: true,
  };
  return { state, document: [] };
}

/**
 * One webhook: the next state and the document to answer with. A repeated answer webhook gets the same document
 * again; whatever comes after the end gets a `hangup` and changes nothing.
 */
export function markupStep(state: MarkupState, input: MarkupInput, config: DialogConfig): MarkupTurn {
  const next = advance(state, input, config);
  return { state: next, document: documentOf(next, config) };
}

/** What is known without marks: once the message was in a document, whether it was heard is unknown. */
export function markupReport(state: MarkupState): DialogReport {
  return {
    codeHeard: state.said ? 'unknown' : 'none',
    repeats: state.repeats,
    gate: state.gate,
    answeredBy: state.answeredBy,
    inputs: state.inputs,
    droppedKeys: state.dropped,
    cause: state.cause ?? undefined,
  };
}

function advance(state: MarkupState, input: MarkupInput, config: DialogConfig): MarkupState {
  if (input.type === 'answered') return answered(state, input.answeredBy ?? 'unknown', config);
  const { keys, dropped } = input.type === 'digits' ? cleanKeys(input.digits) : { keys: '', dropped: 0 };
  const later: MarkupState = { ...state, first: false, dropped: state.dropped + dropped };
  switch (later.at) {
    case 'idle':
      // Keys before any document: the answer webhook was lost.
      return answered(later, 'unknown', config);
    case 'ended':
      return state;
    case 'gate':
      return gateAnswer(later, keys, config);
    case 'message':
      return messageAnswer(later, keys, config);
    case 'last':
      return ended(later, 'completed');
    default:
      return assertNever(later.at);
  }
}

function answered(state: MarkupState, who: AnsweredBy, config: DialogConfig): MarkupState {
  if (state.at !== 'idle') return state;
  const known = { ...state, answeredBy: who };
  if (who === 'machine' && config.machine !== 'continue') return ended(known, 'machine');
  if (who === 'machine' || config.gate === 'off') return say(known);
  return nextGate(known, config);
}

function nextGate(state: MarkupState, config: DialogConfig): MarkupState {
  const failed: MarkupState = { ...state, at: 'gate', gate: 'failed', gatePrompts: state.gatePrompts + 1 };
  const keys = gateKeysOf(config, state.gatePrompts);
  return keys === undefined ? ended(failed, 'gate-failed') : failed;
}

function gateAnswer(state: MarkupState, keys: string, config: DialogConfig): MarkupState {
  const wanted = gateKeysOf(config, state.gatePrompts - 1);
  const open = keys !== '' && judgeGate(wanted, keys) === 'open';
  return open ? say({ ...state, gate: 'passed' }) : nextGate(state, config);
}

function messageAnswer(state: MarkupState, keys: string, config: DialogConfig): MarkupState {
  const collecting = gatherConfig(config);
  if (keys === '') return ended(state, 'completed');
  const told: MarkupState = { ...state, inputs: [...state.inputs, keys] };
  if (!isTrigger(keys, collecting)) {
    // A stray key has cut the reading short, and the listener may have heard half a code. Where keys were asked for
    // (`maxDtmf`) it was no stray key.
    return config.maxDtmf === undefined ? { ...told, at: 'last' } : ended(told, 'completed');
  }
  if (state.repeats >= MAX_REPEATS) return ended(told, 'completed');
  return { ...told, repeats: state.repeats + 1 };
}

function say(state: MarkupState): MarkupState {
  return { ...state, at: 'message', said: true };
}

function ended(state: MarkupState, cause: EndCause): MarkupState {
  return { ...state, at: 'ended', cause };
}

/** Up to the first `#`, keys only. */
function cleanKeys(digits: string): { keys: string; dropped: number } {
  const given = [...(digits.split('#')[0] ?? '')];
  const keys = given.filter(isKey);
  return { keys: keys.join(''), dropped: given.length - keys.length };
}

function documentOf(state: MarkupState, config: DialogConfig): MarkupStep[] {
  const pauseMs = Math.min(Math.max(config.pauseMs, 0), 10_000);
  const pause: MarkupStep[] = state.first && pauseMs > 0 ? [{ do: 'pause', ms: pauseMs }] : [];
  switch (state.at) {
    case 'gate':
      return [...pause, gateStep(gateKeysOf(config, state.gatePrompts - 1) ?? '')];
    case 'message':
      return [...pause, ...messageSteps(config)];
    case 'last':
      return [{ do: 'message', times: 1 }, { do: 'pause', ms: TAIL_MS }, { do: 'hangup' }];
    case 'idle':
    case 'ended':
      return [{ do: 'hangup' }];
    default:
      return assertNever(state.at);
  }
}

function gateStep(keys: string): MarkupStep {
  const maxDigits = Math.max(keys.length, 1);
  return {
    do: 'collect',
    prompt: [{ do: 'gate', keys }],
    maxDigits,
    finishOn: '#',
    timeoutMs: GATE_MS,
  };
}

function messageSteps(config: DialogConfig): MarkupStep[] {
  const message: MarkupStep = { do: 'message', times: Math.min(Math.max(Math.round(config.times), 1), 5) };
  const { maxKeys } = gatherConfig(config);
  if (maxKeys === 0) return [message, { do: 'pause', ms: TAIL_MS }, { do: 'hangup' }];
  return [
    {
      do: 'collect',
      prompt: [message],
      maxDigits: maxKeys,
      finishOn: '#',
      timeoutMs: config.dtmfTimeoutMs,
    },
  ];
}
