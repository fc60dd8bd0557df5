import { parseXml, textOf, type XmlElement, type XmlNode } from './xml.ts';
import { checkSsml } from './ssml.ts';

/** One verb of a document, defaults filled in. Lengths in milliseconds. */
export type Verb =
  | Prompt
  | Gather
  | Connect
  | Redirect
  | { verb: 'Hangup' }
  | { verb: 'Reject'; reason: string };
export type Prompt = Say | Play | { verb: 'Pause'; ms: number };

export interface Say {
  readonly verb: 'Say';
  readonly voice: string;
  readonly language: string | undefined;
  readonly loop: number;
  readonly content: readonly XmlNode[];
}
export interface Play {
  readonly verb: 'Play';
  readonly url: string;
  /** Tones to send instead of a file. */
  readonly digits: string;
  readonly loop: number;
}
export interface Gather {
  readonly verb: 'Gather';
  readonly action: string | undefined;
  readonly method: Method;
  readonly dtmf: boolean;
  readonly timeoutMs: number;
  readonly numDigits: number | undefined;
  readonly finishOnKey: string;
  readonly actionOnEmptyResult: boolean;
  readonly bargeIn: boolean;
  readonly prompt: readonly Prompt[];
}
export interface Connect {
  readonly verb: 'Connect';
  readonly action: string | undefined;
  readonly method: Method;
  readonly stream: {
    readonly url: string;
    readonly name: string | undefined;
    readonly statusCallback: string | undefined;
    readonly statusCallbackMethod: Method;
    readonly parameters: Readonly<Record<string, string>>;
  };
}
export interface Redirect {
  readonly verb: 'Redirect';
  readonly url: string;
  readonly method: Method;
}
export type Method = 'GET' | 'POST';

/** A row of Twilio's error log. */
export interface Notice {
  readonly code: number;
  readonly message: string;
}

/** A document that ends the call. */
export class TwimlError extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export interface TwimlDocument {
  readonly verbs: readonly Verb[];
  /** 12200 for what the schema does not know: told, and left out of the call. */
  readonly warnings: readonly Notice[];
}

/** Twilio's loop="0" goes on until the call ends; it stops at this many. */
const MAX_LOOP = 1_000;
const MAX_TWIML = 64 * 1024;
const MAX_PARAMETER = 500;

/** Those of speech input are taken and do nothing. */
const GATHER_ATTRIBUTES =
  'action method timeout finishOnKey numDigits input actionOnEmptyResult bargeIn hints language speechTimeout partialResultCallback partialResultCallbackMethod profanityFilter maxSpeechTime speechModel enhanced debug'.split(
    ' ',
  );

/** Reads a TwiML document (carrier-protocols.md 1.3). @throws TwimlError 12100 for what is no TwiML at all */
export function parseTwiml(text: string): TwimlDocument {
  if (text.length > MAX_TWIML) throw new TwimlError(11750, 'the document is larger than 64 KB');
  let root: XmlElement;
  try {
    root = parseXml(text);
  } catch (error) {
    throw new TwimlError(
      12100,
      `document parse failure: ${error instanceof Error ? error.message : 'unknown'}`,
    );
  }
  if (root.name !== 'Response')
    throw new TwimlError(12100, 'document parse failure: the root is not <Response>');
  const reader = new Reader();
  const verbs = reader.elements(root, 'Response').flatMap(element => reader.verb(element) ?? []);
  return { verbs, warnings: reader.warnings };
}

class Reader {
  readonly warnings: Notice[] = [];

  warn(message: string, code = 12200): undefined {
    this.warnings.push({ code, message });
    return undefined;
  }

  /** The child elements; stray text is a schema violation. */
  elements(parent: XmlElement, where: string): XmlElement[] {
    return parent.children.flatMap(child => {
      if (typeof child !== 'string') return [child];
      if (child.trim() !== '') this.warn(`text is not allowed in <${where}>`);
      return [];
    });
  }

  verb(element: XmlElement): Verb | undefined {
    switch (element.name) {
      case 'Say':
      case 'Play':
      case 'Pause':
        return this.prompt(element);
      case 'Gather':
        return this.#gather(element);
      case 'Connect':
        return this.#connect(element);
      case 'Redirect': {
        const read = this.#attributes(element, ['method']);
        return { verb: 'Redirect', url: textOf(element).trim(), method: read.method('method') };
      }
      case 'Hangup':
        this.#attributes(element, []);
        return { verb: 'Hangup' };
      case 'Reject':
        return { verb: 'Reject', reason: this.#attributes(element, ['reason']).text('reason') ?? 'rejected' };
      default:
        return this.warn(`<${element.name}> is not supported here`);
    }
  }

  prompt(element: XmlElement): Prompt | undefined {
    switch (element.name) {
      case 'Say': {
        const read = this.#attributes(element, ['voice', 'language', 'loop']);
        const voice = read.text('voice') ?? 'man';
        for (const problem of checkSsml(element.children, voice)) this.warn(problem.message, problem.code);
        return {
          verb: 'Say',
          voice,
          language: read.text('language'),
          loop: loops(read.whole('loop', 0, MAX_LOOP) ?? 1),
          content: element.children,
        };
      }
      case 'Play': {
        const read = this.#attributes(element, ['loop', 'digits']);
        const digits = read.text('digits') ?? '';
        if (!/^[0-9*#A-Dwa-d]*$/.test(digits))
          return this.warn('Play digits: only 0-9, *, #, A-D and w', 13420);
        return {
          verb: 'Play',
          url: textOf(element).trim(),
          digits,
          loop: loops(read.whole('loop', 0, MAX_LOOP) ?? 1),
        };
      }
      case 'Pause':
        return {
          verb: 'Pause',
          ms: (this.#attributes(element, ['length']).whole('length', 0, 3_600) ?? 1) * 1000,
        };
      default:
        return this.warn(`<${element.name}> is not allowed in <Gather>`);
    }
  }

  #gather(element: XmlElement): Gather {
    const read = this.#attributes(element, GATHER_ATTRIBUTES);
    const input = (read.text('input') ?? 'dtmf').split(/\s+/);
    if (!input.every(word => word === 'dtmf' || word === 'speech')) this.warn('Gather input: dtmf or speech');
    const finishOnKey = read.text('finishOnKey') ?? '#';
    const validFinish = /^[0-9*#]*$/.test(finishOnKey);
    if (!validFinish) this.warn('Gather finishOnKey: only 0-9, * and #', 13310);
    const timeout = read.text('timeout') === 'auto' ? 5 : (read.whole('timeout', 0, 600, 13311) ?? 5);
    return {
      verb: 'Gather',
      action: read.text('action'),
      method: read.method('method'),
      dtmf: input.includes('dtmf'),
      timeoutMs: timeout * 1000,
      numDigits: read.whole('numDigits', 1, 1_000, 13314),
      finishOnKey: validFinish ? finishOnKey : '#',
      actionOnEmptyResult: read.flag('actionOnEmptyResult', false),
      bargeIn: read.flag('bargeIn', true),
      prompt: this.elements(element, 'Gather').flatMap(child => this.prompt(child) ?? []),
    };
  }

  #connect(element: XmlElement): Connect | undefined {
    const read = this.#attributes(element, ['action', 'method']);
    const [child, ...more] = this.elements(element, 'Connect');
    if (child?.name !== 'Stream' || more.length > 0) return this.warn('<Connect> takes one <Stream> here');
    const stream = this.#attributes(child, [
      'url',
      'name',
      'track',
      'statusCallback',
      'statusCallbackMethod',
    ]);
    const track = stream.text('track') ?? 'inbound_track';
    if (track !== 'inbound_track') this.warn('a bidirectional <Stream> has only the inbound_track', 31941);
    return {
      verb: 'Connect',
      action: read.text('action'),
      method: read.method('method'),
      stream: {
        url: stream.text('url') ?? '',
        name: stream.text('name'),
        statusCallback: stream.text('statusCallback'),
        statusCallbackMethod: stream.method('statusCallbackMethod'),
        parameters: this.#parameters(child),
      },
    };
  }

  #parameters(stream: XmlElement): Record<string, string> {
    const parameters: [string, string][] = [];
    for (const child of this.elements(stream, 'Stream')) {
      const read = this.#attributes(child, ['name', 'value']);
      const name = read.text('name');
      const value = read.text('value') ?? '';
      if (child.name !== 'Parameter' || !name) this.warn('<Stream> holds only <Parameter name value>');
      else if (name.length + value.length > MAX_PARAMETER)
        this.warn('a <Parameter> is limited to 500 characters');
      else parameters.push([name, value]);
    }
    return Object.fromEntries(parameters);
  }

  #attributes(element: XmlElement, known: readonly string[]): Attributes {
    for (const name of Object.keys(element.attributes)) {
      if (!known.includes(name)) this.warn(`attribute ${name} is not allowed in <${element.name}>`);
    }
    return new Attributes(element, this);
  }
}

class Attributes {
  readonly #element: XmlElement;
  readonly #reader: Reader;

  constructor(element: XmlElement, reader: Reader) {
    this.#element = element;
    this.#reader = reader;
  }

  text(name: string): string | undefined {
    return this.#element.attributes[name];
  }

  method(name: string): Method {
    const value = this.text(name)?.toUpperCase() ?? 'POST';
    if (value === 'GET' || value === 'POST') return value;
    this.#reader.warn(`${this.#element.name} ${name}: GET or POST`);
    return 'POST';
  }

  whole(name: string, min: number, max: number, code = 12200): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (/^\d{1,9}$/.test(value) && number >= min && number <= max) return number;
    return this.#reader.warn(`${this.#element.name} ${name}: a whole number from ${min} to ${max}`, code);
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.text(name)?.toLowerCase();
    if (value === undefined) return fallback;
    if (value !== 'true' && value !== 'false')
      this.#reader.warn(`${this.#element.name} ${name}: true or false`);
    return value === 'true';
  }
}

function loops(count: number): number {
  return count === 0 ? MAX_LOOP : count;
}
