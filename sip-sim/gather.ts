/**
 * `<Gather>` as a pure machine (carrier-protocols.md 1.3): the prompt plays, the first digit cuts it, the timer runs from the
 * prompt's end and anew from each digit; the finish key, the wanted number of digits or the timer ends it.
 */
export interface GatherConfig {
  readonly timeoutMs: number;
  /** Undefined: as many as come before the finish key or the timeout. */
  readonly numDigits: number | undefined;
  /** Empty: no finish key. */
  readonly finishOnKey: string;
  readonly actionOnEmptyResult: boolean;
  /** False: keys during the prompt are collected but do not cut it. */
  readonly bargeIn: boolean;
}

export interface GatherState {
  readonly phase: 'prompting' | 'waiting' | 'done';
  readonly digits: string;
}

export type GatherEvent = { type: 'key'; key: string } | { type: 'promptEnded' } | { type: 'timeout' };

export type GatherEffect =
  | { type: 'cutPrompt' }
  | { type: 'startTimer'; ms: number }
  | { type: 'stopTimer' }
  /** `submit`: go to the action with these digits. `fallThrough`: on to the next verb. */
  | { type: 'submit'; digits: string; finishedOnKey: string }
  | { type: 'fallThrough' };

export const GATHER_START: GatherState = { phase: 'prompting', digits: '' };

export function stepGather(
  state: GatherState,
  event: GatherEvent,
  config: GatherConfig,
): { state: GatherState; effects: readonly GatherEffect[] } {
  if (state.phase === 'done') return { state, effects: [] };
  switch (event.type) {
    case 'promptEnded':
      if (state.phase === 'waiting') return { state, effects: [] };
      if (isFull(state.digits, config)) return finish({ ...state, phase: 'waiting' }, config, '');
      return {
        state: { ...state, phase: 'waiting' },
        effects: [{ type: 'startTimer', ms: config.timeoutMs }],
      };
    case 'timeout':
      return finish(state, config, '');
    case 'key':
      return onKey(state, event.key, config);
    default:
      throw new TypeError(`no such gather event: ${JSON.stringify(event satisfies never)}`);
  }
}

function onKey(
  state: GatherState,
  key: string,
  config: GatherConfig,
): { state: GatherState; effects: readonly GatherEffect[] } {
  const held = state.phase === 'prompting' && !config.bargeIn;
  if (config.finishOnKey !== '' && config.finishOnKey.includes(key)) {
    return held ? { state, effects: [] } : finish(state, config, key);
  }
  const digits = state.digits + key;
  if (held) return { state: { ...state, digits: digits.slice(0, config.numDigits) }, effects: [] };
  const cut: GatherEffect[] = state.phase === 'prompting' ? [{ type: 'cutPrompt' }] : [];
  const next: GatherState = { phase: 'waiting', digits };
  if (isFull(digits, config)) {
    const done = finish(next, config, '');
    return { state: done.state, effects: [...cut, ...done.effects] };
  }
  return { state: next, effects: [...cut, { type: 'startTimer', ms: config.timeoutMs }] };
}

function isFull(digits: string, config: GatherConfig): boolean {
  return config.numDigits !== undefined && digits.length >= config.numDigits;
}

function finish(
  state: GatherState,
  config: GatherConfig,
  finishedOnKey: string,
): { state: GatherState; effects: readonly GatherEffect[] } {
  const cut: GatherEffect[] = state.phase === 'prompting' ? [{ type: 'cutPrompt' }] : [];
  const result: GatherEffect =
    state.digits !== '' || config.actionOnEmptyResult
      ? { type: 'submit', digits: state.digits, finishedOnKey }
      : { type: 'fallThrough' };
  return { state: { ...state, phase: 'done' }, effects: [...cut, { type: 'stopTimer' }, result] };
}
