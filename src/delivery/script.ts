import {
  buildMessage,
  fixedSegments,
  languageOf,
  promptUtterances,
  toPlainText,
  toSegments,
  toSsml,
  type LanguageCode,
} from '../../ivr/index.ts';
import type { DialogConfig, Prompt } from '../../ivr/dialog-types.ts';
import type { Segment, Utterance } from '../../ivr/prompt.ts';
import type { Step } from '../carriers/carrier.ts';
import type { RandomBytes } from '../domain/ids.ts';
import { ALPHABETS } from '../domain/pin.ts';
import type { SecuritySettings } from '../domain/profile.ts';
import type { CallScript, PinType, Template } from '../domain/types.ts';
import { SpeechError, type Speech } from '../speech/speech.ts';
import type { VoiceDefaults } from './context.ts';

/** What is asked for when a message is sent, taken down so that a later change of the template touches no live call. */
export function makeScript(request: {
  template: Template;
  placeholders: Readonly<Record<string, string>>;
  voice: VoiceDefaults;
  security: Pick<SecuritySettings, 'gate' | 'gateDigits'>;
}): CallScript {
  const { template, placeholders, voice, security } = request;
  return {
    messageText: template.messageText,
    placeholders,
    language: template.language ?? voice.defaultLanguage,
    voiceName: template.voiceName,
    speechRate: Math.min(Math.max(template.speechRate ?? 1, 0.5), 2),
    repeatDtmf: template.repeatDTMF,
    dtmfTimeoutMs: voice.dtmfTimeoutMs,
    pauseMs: voice.pauseMs,
    ringTimeoutSeconds: voice.ringTimeoutSeconds,
    callTimeoutMs: voice.callTimeoutMs,
    times: voice.times,
    gate: voice.gate ?? security.gate,
    gateDigits: voice.gateDigits ?? security.gateDigits,
    machineDetection: voice.machineDetection,
    digitPauseMs: voice.digitPauseMs,
    spelling: voice.spelling,
  };
}

/** For a resend: what is given now in place of what was given then, the rest stays. */
export function withPlaceholders(
  script: CallScript,
  placeholders: Readonly<Record<string, string>>,
): CallScript {
  return { ...script, placeholders: { ...script.placeholders, ...placeholders } };
}

const GATE_PROMPTS = 2;

/** The keys that open the gate, one entry a prompt, never the same twice in a row. */
export function drawGateKeys(script: CallScript, random: RandomBytes): readonly string[] {
  const drawn: string[] = [];
  while (drawn.length < GATE_PROMPTS) {
    const keys = Array.from({ length: script.gateDigits }, () => randomDigit(random)).join('');
    if (keys !== drawn.at(-1)) drawn.push(keys);
  }
  return drawn;
}

/** Unbiased: 250 is the largest multiple of ten in a byte. */
function randomDigit(random: RandomBytes): string {
  for (;;) {
    const [byte = 255] = random(1);
    if (byte < 250) return String(byte % 10);
  }
}

export function dialogConfig(script: CallScript, gateKeys: readonly string[]): DialogConfig {
  const { pauseMs, repeatDtmf, maxDtmf, dtmfTimeoutMs, callTimeoutMs, times, gate } = script;
  const machine = script.machineDetection;
  return { pauseMs, repeatDtmf, maxDtmf, dtmfTimeoutMs, callTimeoutMs, times, gate, gateKeys, machine };
}

/** The prompts that a dialogue can ask for. */
export function expectedPrompts(config: DialogConfig): readonly Prompt[] {
  const message: Prompt = { kind: 'message', times: config.times };
  if (config.gate === 'off') return [message];
  const keys = config.gate === 'any-key' ? [''] : config.gateKeys;
  return [...keys.map((keys): Prompt => ({ kind: 'gate', keys })), message];
}

/** What each prompt of a call is made of. @throws SsmlError from the template's text */
export function promptSegments(script: CallScript, pin: string): (prompt: Prompt) => readonly Segment[] {
  return prompt => toSegments(utterancesOf(script, prompt, pin), spoken(script));
}

/**
 * The clips of a message that are not secret, to be made ahead: its words, the whole alphabet of its PIN (the symbols
 * of one PIN alone would tell which they are), and the gate's phrases where there is a gate.
 */
export function warmSegments(script: CallScript, pinType: PinType): readonly Segment[] {
  const message = promptSegments(script, ALPHABETS[pinType])({ kind: 'message', times: 1 });
  return script.gate === 'off' ? message : [...message, ...fixedSegments(codeOf(script), script.speechRate)];
}

/** The message as a step of carrier-side markup. Holds the PIN: never logged. */
export function sayMessage(script: CallScript, pin: string): Step {
  return say(script, utterancesOf(script, { kind: 'message', times: 1 }, pin));
}

export function sayGate(script: CallScript, keys: string): Step {
  return say(script, utterancesOf(script, { kind: 'gate', keys }, ''));
}

/** Why the voice that speaks is not the one that was asked for. */
export function voiceFallback(script: CallScript, speech: Pick<Speech, 'chooseVoice'>): string | undefined {
  try {
    return speech.chooseVoice(script).fallback;
  } catch (error) {
    if (error instanceof SpeechError) return undefined;
    throw error;
  }
}

/** One reading: whoever plays it puts the gaps between several. */
function utterancesOf(script: CallScript, prompt: Prompt, pin: string): readonly Utterance[] {
  const { messageText: text, placeholders, digitPauseMs } = script;
  const message = prompt.kind === 'message' ? buildMessage({ text, pin, placeholders, digitPauseMs }) : [];
  const single = prompt.kind === 'message' ? { ...prompt, times: 1 } : prompt;
  const utterances = promptUtterances(single, { language: codeOf(script), message });
  if (!script.transient) return utterances;
  return utterances.map(each => (each.kind === 'words' ? { ...each, transient: true } : each));
}

/** The border lets no other language in; English is for a record of another version. */
function codeOf({ language }: CallScript): LanguageCode {
  return languageOf(language) ?? 'en';
}

function say(script: CallScript, utterances: readonly Utterance[]): Step {
  return {
    do: 'say',
    ssml: toSsml(utterances, 'generic', { rate: script.speechRate }),
    text: toPlainText(utterances, spoken(script)),
    language: script.language,
    voice: script.voiceName,
  };
}

function spoken({ language, speechRate, spelling }: CallScript) {
  return { language, rate: speechRate, spelling };
}
