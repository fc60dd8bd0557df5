import { assertNever } from './assert-never.ts';
import { bookMark } from './dialog-heard.ts';
import { Draft, type DialogState, type Phase } from './dialog-state.ts';
import type { AnsweredBy, DialogConfig, DialogEffect, DialogEvent, TimerName } from './dialog-types.ts';
import { beginGate, gateBegun, gateKey, gatePlayed, spoilGate } from './dialog-gate.ts';
import { inputEnded, playMessage, playbackEnded, playingKey, listeningKey } from './dialog-message.ts';
import { isKey } from './gather.ts';

export { initialState, reportOf, type DialogState } from './dialog-state.ts';

const PLAY_GUARD_MS = 3_000;
/** Carriers give up detecting after 30 s (Twilio's MachineDetectionTimeout); a lost verdict costs no more. */
export const DETECTION_LIMIT_MS = 30_000;

type Marked = Extract<DialogEvent, { type: 'marked' }>;
type Answered = Extract<DialogEvent, { type: 'answered' }>;
type HandedOver = Extract<DialogEvent, { type: 'handedOver' }>;

/**
 * The dialogue: one event in, the next state and what the driver has to do out. Total: any event in any state is
 * an answer, late ones change nothing. voice-dialogue.md sections 2 and 3.
 */
export function step(
  state: DialogState,
  event: DialogEvent,
  config: DialogConfig,
): { state: DialogState; effects: DialogEffect[] } {
  if (state.phase.at === 'ended') return { state, effects: [] };
  const draft = new Draft(state, config);
  switch (event.type) {
    case 'answered':
      answered(draft, event);
      break;
    case 'answeredBy':
      verdict(draft, event.who, event.greetingEnded);
      break;
    case 'key':
      key(draft, event.key);
      break;
    case 'handedOver':
      handedOver(draft, event);
      break;
    case 'marked':
      marked(draft, event);
      break;
    case 'timer':
      if (!state.armed.includes(event.timer)) break;
      draft.fired(event.timer);
      timer(draft, event.timer);
      break;
    case 'hangup':
      draft.end('hangup');
      break;
    case 'mediaLost':
      draft.end('media-lost');
      break;
    default:
      assertNever(event);
  }
  return { state: draft.state, effects: draft.effects };
}

function answered(draft: Draft, event: Answered): void {
  const { phase, facts } = draft;
  if (phase.at !== 'idle') return;
  const { callTimeoutMs, pauseMs } = draft.config;
  if (callTimeoutMs !== undefined) draft.start('call', callTimeoutMs);
  draft.phase = { at: 'answerPause' };
  if (event.greetingEnded === true) draft.learn({ greetingOver: true });
  const who = event.answeredBy ?? (facts.verdict ? facts.answeredBy : undefined);
  if (who !== undefined && !judged(draft, who)) return;
  const ms = Math.min(Math.max(pauseMs, 0), 10_000);
  if (ms > 0) draft.start('answerPause', ms);
  else begin(draft);
}

/** Books a verdict. False: it was a machine's, on a call that is not for machines, and the call has ended. */
function judged(draft: Draft, who: AnsweredBy): boolean {
  draft.learn({ answeredBy: who, verdict: true });
  if (who !== 'machine' || draft.config.machine === 'continue') return true;
  if (sounding(draft.phase)) draft.clear();
  draft.end('machine');
  return false;
}

function sounding(phase: Phase): boolean {
  return phase.at === 'playing' || phase.at === 'gatePrompt';
}

/** The pause is over, or the verdict is in: on to the gate, to the greeting, or to the message. */
function begin(draft: Draft): void {
  const { config, facts } = draft;
  if (facts.answeredBy === 'machine') {
    if (facts.greetingOver) playMessage(draft);
    else awaitGreeting(draft);
  } else if (config.gate !== 'off' && facts.gate !== 'passed') {
    beginGate(draft);
  } else if (config.machine !== 'off' && !facts.verdict) {
    awaitGreeting(draft);
  } else {
    playMessage(draft);
  }
}

function awaitGreeting(draft: Draft): void {
  draft.phase = { at: 'greeting' };
  draft.start('answerPause', DETECTION_LIMIT_MS);
}

/** Asynchronous detection: may come at any time, more than once, and late. */
function verdict(draft: Draft, who: AnsweredBy, greetingEnded: boolean): void {
  const { phase, facts } = draft;
  if (phase.at === 'idle') {
    draft.learn({ answeredBy: who, verdict: true, greetingOver: who === 'machine' && greetingEnded });
    return;
  }
  if (!judged(draft, who)) return;
  if (who !== 'machine') {
    if (phase.at === 'greeting') {
      draft.stop('answerPause');
      begin(draft);
    }
    return;
  }
  const known = facts.answeredBy === 'machine' && (facts.greetingOver || !greetingEnded);
  if (known) return;
  // A machine cannot press keys, and `continue` says that it may hear the message.
  draft.learn({ greetingOver: greetingEnded, gate: facts.gate === 'passed' ? 'passed' : 'none' });
  if (phase.at === 'answerPause') return;
  // What was said so far was said over the greeting.
  if (sounding(phase)) draft.clear();
  draft.stop('answerPause', 'gate', 'firstKey', 'interKey', 'tail');
  begin(draft);
}

function key(draft: Draft, pressed: string): void {
  if (!isKey(pressed)) {
    draft.learn({ dropped: draft.facts.dropped + 1 });
    return;
  }
  const { phase } = draft;
  switch (phase.at) {
    case 'idle':
    case 'answerPause':
    case 'greeting':
      spoilGate(draft);
      return;
    case 'gatePrompt':
    case 'gateListening':
    case 'gateBreath':
      gateKey(draft, phase, pressed);
      return;
    case 'playing':
      playingKey(draft, phase, pressed);
      return;
    case 'listening':
      listeningKey(draft, phase, pressed);
      return;
    case 'tail':
    case 'ended':
      return;
    default:
      assertNever(phase);
  }
}

function handedOver(draft: Draft, event: HandedOver): void {
  const { phase } = draft;
  if (phase.at !== 'playing' && phase.at !== 'gatePrompt') return;
  if (phase.playId !== event.playId) return;
  draft.start('playGuard', event.audioMs + PLAY_GUARD_MS);
  if (phase.at === 'gatePrompt') gateBegun(draft, phase);
  else if (event.symbols !== undefined) draft.learn({ symbols: event.symbols });
}

function marked(draft: Draft, mark: Marked): void {
  const { phase } = draft;
  if (!('playId' in phase) || phase.playId !== mark.playId) return;
  if (phase.at === 'gatePrompt') {
    if (mark.last) gatePlayed(draft, phase);
    return;
  }
  if (phase.at === 'gateListening') return;
  // After the guard has fired, late marks of the same playing still tell what was heard.
  bookMark(draft, mark);
  if (phase.at === 'playing' && mark.last) playbackEnded(draft, phase);
}

function timer(draft: Draft, fired: TimerName): void {
  const { phase } = draft;
  switch (fired) {
    case 'answerPause':
      if (phase.at === 'greeting') detectionOver(draft);
      else begin(draft);
      return;
    case 'gate':
      beginGate(draft);
      return;
    case 'playGuard':
      if (phase.at === 'gatePrompt') gatePlayed(draft, phase);
      if (phase.at !== 'playing') return;
      if (draft.facts.heard !== 'full') draft.learn({ heard: 'unknown' });
      playbackEnded(draft, phase);
      return;
    case 'firstKey':
      inputEnded(draft, '');
      return;
    case 'interKey':
      if (phase.at === 'listening') inputEnded(draft, phase.keys);
      else beginGate(draft);
      return;
    case 'call':
      if (sounding(phase)) draft.clear();
      draft.end('call-timeout');
      return;
    case 'tail':
      draft.end('completed');
      return;
    default:
      assertNever(fired);
  }
}

/** No verdict came: as if there had been no detection. No end of the greeting came: it is over by now. */
function detectionOver(draft: Draft): void {
  draft.learn({ verdict: true, greetingOver: draft.facts.answeredBy === 'machine' });
  begin(draft);
}
