/**
 * Collecting keys: voice-dialogue.md section 2. Pure and without time: the dialogue owns the timers and says
 * when an input has ended by one.
 */

export interface GatherConfig {
  /** The repeat keys without their `#`s; empty: no repeat. */
  readonly trigger: string;
  /** How many keys end an input; 0: nothing is collected. */
  readonly maxKeys: number;
}

/** Keys of the unfinished input, and how many events were no keys at all. */
export interface GatherState {
  readonly keys: string;
  readonly dropped: number;
}

export type GatherOutcome =
  /** Nothing changed: no key, or nothing is collected. */
  | { readonly type: 'ignored' }
  | { readonly type: 'collecting' }
  /** `#`, or as many keys as wanted. `input` may be empty. */
  | { readonly type: 'ended'; readonly input: string };

/** From the public parameters; `#` is never collectable, so a trigger of `#`s alone is no trigger. */
export function gatherConfig(options: { repeatDtmf?: string; maxDtmf?: number }): GatherConfig {
  const trigger = (options.repeatDtmf ?? '').replaceAll('#', '');
  const maxKeys = options.maxDtmf !== undefined && options.maxDtmf >= 1 ? options.maxDtmf : trigger.length;
  return { trigger, maxKeys };
}

/** 0-9 * # A-D, one at a time. */
export function isKey(key: string): boolean {
  return /^[0-9*#A-D]$/.test(key);
}

/** One key event. A key that ends the input leaves an empty hand. */
export function gather(
  state: GatherState,
  key: string,
  config: GatherConfig,
): { state: GatherState; outcome: GatherOutcome } {
  if (!isKey(key)) return { state: { ...state, dropped: state.dropped + 1 }, outcome: { type: 'ignored' } };
  if (config.maxKeys === 0) return { state, outcome: { type: 'ignored' } };
  const keys = key === '#' ? state.keys : state.keys + key;
  if (key === '#' || keys.length >= config.maxKeys) {
    return { state: { ...state, keys: '' }, outcome: { type: 'ended', input: keys } };
  }
  return { state: { ...state, keys }, outcome: { type: 'collecting' } };
}

/** Is a finished (or, during playback, a growing) input the repeat trigger? */
export function isTrigger(input: string, config: GatherConfig): boolean {
  return config.trigger !== '' && input === config.trigger;
}
