import { assertNever } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { Step } from '../carrier.ts';
import { readSsml } from './ssml.ts';
import { twilioVoice } from './voices.ts';
import { element, renderXml, type XmlElement, type XmlNode } from './xml.ts';

type StepOf<Do extends Step['do']> = Extract<Step, { do: Do }>;

/** Name and value together, each `<Parameter>` (carrier-protocols.md 1.3). */
const MAX_PARAMETER = 500;

/**
 * Steps as a TwiML document (carrier-protocols.md 1.3).
 * @throws Error for steps that TwiML cannot hold: a stream URL with a query, a prompt that is more than speech
 */
export function renderTwiml(steps: readonly Step[], log: Logger): string {
  return renderXml(
    element(
      'Response',
      {},
      steps.flatMap(step => renderStep(step, log)),
    ),
  );
}

function renderStep(step: Step, log: Logger): readonly XmlElement[] {
  switch (step.do) {
    case 'say':
      return [say(step, log)];
    case 'collect':
      return [gather(step, log)];
    case 'pause':
      return pause(step.ms);
    case 'stream':
      return [connectStream(step)];
    case 'goto':
      return [element('Redirect', { method: 'POST' }, [step.url])];
    case 'hangup':
      return [element('Hangup')];
    default:
      return assertNever(step);
  }
}

function say(step: StepOf<'say'>, log: Logger): XmlElement {
  const { voice, language, dialect, fallback } = twilioVoice(step.language, step.voice);
  if (fallback !== undefined) log.debug({ voice, fallback }, 'twilio: voice fell back');
  return element('Say', { voice, language }, spoken(step, dialect, log));
}

function spoken(
  step: StepOf<'say'>,
  dialect: Parameters<typeof readSsml>[1],
  log: Logger,
): readonly XmlNode[] {
  const nodes = readSsml(step.ssml, dialect);
  if (nodes) return nodes;
  // Our own fault, but a call is live: the plain rendering says the same without the markup.
  log.error('twilio: SSML of a step is not well-formed, its plain text is said instead');
  return [step.text];
}

/** `actionOnEmptyResult`: silence is posted too, so nothing after a Gather ever runs. */
function gather(step: StepOf<'collect'>, log: Logger): XmlElement {
  const prompt = step.prompt.flatMap(part => {
    if (part.do !== 'say' && part.do !== 'pause') throw new Error(`a Gather cannot hold the step ${part.do}`);
    return renderStep(part, log);
  });
  const attributes = {
    input: 'dtmf',
    numDigits: String(Math.max(1, Math.round(step.maxDigits))),
    timeout: String(Math.max(1, Math.ceil(step.timeoutMs / 1000))),
    finishOnKey: step.finishOn,
    action: step.nextUrl,
    method: 'POST',
    actionOnEmptyResult: 'true',
  };
  return element('Gather', attributes, prompt);
}

/** Whole seconds, to the nearest; under half a second there is nothing to say. */
function pause(ms: number): readonly XmlElement[] {
  const seconds = Math.round(ms / 1000);
  return seconds < 1 ? [] : [element('Pause', { length: String(seconds) })];
}

function connectStream(step: StepOf<'stream'>): XmlElement {
  // Twilio refuses a query (error 31920); ws:// is for the simulator, https's pair is wss.
  if (!/^wss?:\/\/[^?#\s]+$/.test(step.url)) throw new Error('a stream URL is ws(s):// without a query');
  const parameters = Object.entries(step.parameters).map(([name, value]) => {
    if (name.length + value.length >= MAX_PARAMETER) throw new Error('a stream parameter is too long');
    return element('Parameter', { name, value });
  });
  return element('Connect', {}, [element('Stream', { url: step.url }, parameters)]);
}
