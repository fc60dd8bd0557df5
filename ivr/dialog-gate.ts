import { interKeyMs, playMessage } from './dialog-message.ts';
import type { Draft, Phase } from './dialog-state.ts';

/**
 * The human gate: voice-dialogue.md section 2. Two prompts at most, each with its own keys; the first key after a
 * prompt has begun decides. A greeting with recorded tones must not open it.
 */

const GATE_MS = 10_000;
/**
 * After a wrong key the line has to be quiet for this long before the second prompt, or one burst of recorded tones
 * would get two chances (19 % instead of 10 %).
 */
const BREATH_MS = 1_000;
/** A line that never gets quiet has failed. */
const MAX_STRAY_KEYS = 8;
const ATTEMPTS = 2;

type Open = Extract<Phase, { at: 'gatePrompt' | 'gateListening' }>;
type Breath = Extract<Phase, { at: 'gateBreath' }>;

export type GateVerdict = 'open' | 'more' | 'wrong';

/** Is this the key (or the next of two) that the prompt asked for? Shared with the markup dialogue. */
export function judgeGate(wanted: string | undefined, pressed: string): GateVerdict {
  if (wanted === '') return 'open';
  if (!wanted?.startsWith(pressed)) return 'wrong';
  return pressed === wanted ? 'open' : 'more';
}

/** The keys of a prompt; undefined: there is no such prompt, and the gate has failed. Never an open gate by mistake. */
export function gateKeysOf(
  config: { gate: string; gateKeys: readonly string[] },
  attempt: number,
): string | undefined {
  if (attempt >= ATTEMPTS) return undefined;
  if (config.gate === 'any-key') return '';
  return config.gateKeys[attempt] || undefined;
}

/** A key before any prompt: the first prompt is used up unsaid. More of them are the same burst. */
export function spoilGate(draft: Draft): void {
  if (draft.config.gate !== 'off') draft.learn({ gatePrompts: Math.max(draft.facts.gatePrompts, 1) });
}

/** Says the next prompt, or hangs up when there is none left. */
export function beginGate(draft: Draft): void {
  const { gatePrompts } = draft.facts;
  const keys = gateKeysOf(draft.config, gatePrompts);
  draft.learn({ gate: 'failed', gatePrompts: gatePrompts + 1 });
  if (keys === undefined) {
    draft.end('gate-failed');
    return;
  }
  const playId = draft.play({ kind: 'gate', keys });
  draft.phase = { at: 'gatePrompt', keys: '', playId, begun: false };
}

export function gateBegun(draft: Draft, phase: Extract<Phase, { at: 'gatePrompt' }>): void {
  draft.phase = { ...phase, begun: true };
}

/** The prompt was said: wait for a key, or for the second of two. */
export function gatePlayed(draft: Draft, phase: Extract<Phase, { at: 'gatePrompt' }>): void {
  draft.stop('playGuard');
  const { keys, playId } = phase;
  draft.phase = { at: 'gateListening', keys, playId };
  if (keys === '') draft.start('gate', GATE_MS);
  else draft.start('interKey', interKeyMs(draft.config.dtmfTimeoutMs));
}

export function gateKey(draft: Draft, phase: Open | Breath, key: string): void {
  if (phase.at === 'gateBreath') {
    strayKey(draft, phase);
    return;
  }
  draft.stop('gate');
  const pressed = phase.keys + key;
  const early = phase.at === 'gatePrompt' && !phase.begun;
  const verdict = early ? 'wrong' : judgeGate(gateKeysOf(draft.config, draft.facts.gatePrompts - 1), pressed);
  if (verdict === 'more') {
    draft.phase = { ...phase, keys: pressed };
    if (phase.at === 'gateListening') draft.start('interKey', interKeyMs(draft.config.dtmfTimeoutMs));
    return;
  }
  if (phase.at === 'gatePrompt') draft.clear();
  draft.stop('interKey');
  if (verdict === 'open') {
    draft.learn({ gate: 'passed' });
    playMessage(draft);
  } else if (draft.facts.gatePrompts < ATTEMPTS) {
    draft.phase = { at: 'gateBreath', strayKeys: 0 };
    draft.start('gate', BREATH_MS);
  } else {
    draft.end('gate-failed');
  }
}

function strayKey(draft: Draft, phase: Breath): void {
  if (phase.strayKeys >= MAX_STRAY_KEYS) {
    draft.end('gate-failed');
    return;
  }
  draft.phase = { at: 'gateBreath', strayKeys: phase.strayKeys + 1 };
  draft.start('gate', BREATH_MS);
}
