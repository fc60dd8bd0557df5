import { concatBytes, keyTone, silence, wavToTelephone } from './audio.ts';
import { GATHER_START, stepGather, type GatherEvent } from './gather.ts';
import { HttpFailure, type HttpClient } from './http-client.ts';
import type { Line } from './line.ts';
import {
  parseTwiml,
  TwimlError,
  type Connect,
  type Gather,
  type Method,
  type Play,
  type Prompt,
  type Say,
  type Verb,
} from './twiml.ts';
import type { Spoken } from './say.ts';
import type { StreamEnd } from './media-stream.ts';

const MAX_TWIML = 64 * 1024;
const MAX_FILE = 20 * 1024 * 1024;
/** Twilio knows no limit; a loop of redirects without a sound between must still end here. */
const MAX_DOCUMENTS = 500;
const APPLICATION_ERROR = "We're sorry. An application error has occurred. Goodbye.";

/** Where a document comes from: fetched, or given with the call. */
export type DocumentSource =
  | { readonly url: string; readonly method: Method }
  | { readonly twiml: string; readonly url: string };

export interface DocumentDeps {
  readonly line: Line;
  readonly http: HttpClient;
  readonly fallback: { readonly url: string; readonly method: Method } | undefined;
  /** The parameters of every webhook of this call, as they stand now. */
  readonly parameters: () => Readonly<Record<string, string>>;
  readonly renderSay: (say: Say) => Promise<Spoken>;
  readonly stream: (connect: Connect, signal: AbortSignal) => Promise<StreamEnd>;
  readonly notice: (code: number, message: string) => void;
  readonly event: (type: string, data: Readonly<Record<string, unknown>>) => void;
}

interface Loaded {
  /** Base of relative URLs. */
  readonly url: string;
  readonly verbs: readonly Verb[];
}

interface GoTo {
  readonly url: string;
  readonly method: Method;
  readonly extra: Readonly<Record<string, string>>;
}

/**
 * Carries out TwiML on an answered call until it ends: verb after verb, document after document. Resolves when there is nothing
 * more to do and the call is to be hung up. @throws the signal's reason when it is cut
 */
export async function runDocuments(
  deps: DocumentDeps,
  start: DocumentSource,
  signal: AbortSignal,
): Promise<void> {
  const runner = new DocumentRunner(deps, signal);
  try {
    await runner.run(start);
  } catch (error) {
    if (signal.aborted || !(error instanceof TwimlError)) throw error;
    deps.notice(error.code, error.message);
    await runner.apologise();
  }
}

class DocumentRunner {
  readonly #deps: DocumentDeps;
  readonly #signal: AbortSignal;

  constructor(deps: DocumentDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
  }

  async run(start: DocumentSource): Promise<void> {
    let loaded =
      'twiml' in start
        ? { url: start.url, verbs: this.#parse(start.twiml) }
        : await this.#load({ ...start, extra: {} });
    for (let documents = 1; documents <= MAX_DOCUMENTS; documents++) {
      const next = await this.#execute(loaded);
      if (!next) return;
      loaded = await this.#load(next);
    }
    throw new TwimlError(11215, 'too many documents in one call');
  }

  /** What Twilio says before it hangs up on a broken application. */
  async apologise(): Promise<void> {
    await this.#prompt(
      { verb: 'Say', voice: 'alice', language: 'en-US', loop: 1, content: [APPLICATION_ERROR] },
      { url: '', verbs: [] },
      this.#signal,
    );
  }

  /** The next document, or undefined when the call is over. */
  async #execute(document: Loaded): Promise<GoTo | undefined> {
    for (const verb of document.verbs) {
      this.#deps.event('call.verb', { verb: verb.verb });
      switch (verb.verb) {
        case 'Say':
        case 'Play':
        case 'Pause':
          await this.#prompt(verb, document, this.#signal);
          break;
        case 'Gather': {
          const next = await this.#gather(verb, document);
          if (next) return next;
          break;
        }
        case 'Connect': {
          await this.#deps.stream(verb, this.#signal);
          this.#signal.throwIfAborted();
          if (verb.action !== undefined) {
            return { url: resolve(verb.action, document.url), method: verb.method, extra: {} };
          }
          break;
        }
        case 'Redirect':
          return { url: resolve(verb.url, document.url), method: verb.method, extra: {} };
        case 'Hangup':
        case 'Reject':
          return undefined;
        default:
          throw new TypeError(`no such verb: ${JSON.stringify(verb satisfies never)}`);
      }
    }
    return undefined;
  }

  async #prompt(prompt: Prompt, document: Loaded, signal: AbortSignal): Promise<void> {
    if (prompt.verb === 'Pause') return await this.#deps.line.wait(prompt.ms, signal);
    const audio = prompt.verb === 'Say' ? await this.#say(prompt) : await this.#file(prompt, document);
    if (!audio) return;
    for (let count = 0; count < prompt.loop; count++) await this.#deps.line.play(audio, signal);
  }

  async #say(say: Say): Promise<Uint8Array> {
    const spoken = await this.#deps.renderSay(say);
    if (!spoken.speech) this.#deps.event('speech.missing', {});
    return spoken.audio;
  }

  async #file(play: Play, document: Loaded): Promise<Uint8Array | undefined> {
    if (play.digits !== '') {
      const parts = [...play.digits.toUpperCase()].flatMap(key =>
        key === 'W' ? [silence(500)] : [keyTone(key, 100), silence(100)],
      );
      return concatBytes(parts);
    }
    try {
      const url = resolve(play.url, document.url);
      const reply = await this.#deps.http.send({ url, method: 'GET', parameters: {}, maxBytes: MAX_FILE });
      const audio = reply.status === 200 ? wavToTelephone(reply.body) : undefined;
      if (audio) return audio;
      this.#deps.notice(reply.status === 200 ? 12300 : 11200, `Play: ${reply.status}, or no WAV file`);
    } catch (error) {
      if (!(error instanceof HttpFailure) && !(error instanceof TwimlError)) throw error;
      this.#deps.notice(error.code, `Play: ${error.message}`);
    }
    return undefined;
  }

  /** Where the digits go, or undefined to fall through to the next verb. */
  async #gather(gather: Gather, document: Loaded): Promise<GoTo | undefined> {
    if (!gather.dtmf) this.#deps.notice(12200, 'Gather: speech input is not simulated');
    const result = await this.#collect(gather, document);
    if (!result) return undefined;
    return {
      url: resolve(gather.action ?? '', document.url),
      method: gather.method,
      extra: { Digits: result.digits, FinishedOnKey: result.finishedOnKey, msg: 'Gather End' },
    };
  }

  /** Drives the gather machine: its timer counts frames, its prompt can be cut. */
  async #collect(
    gather: Gather,
    document: Loaded,
  ): Promise<{ digits: string; finishedOnKey: string } | undefined> {
    const { line } = this.#deps;
    const prompt = new AbortController();
    const finished = new AbortController();
    let timer: AbortController | undefined;
    let leave: (() => void) | undefined;
    try {
      return await new Promise((done, fail) => {
        let state = GATHER_START;
        const cut = new Cut();
        const onEvent = (event: GatherEvent): void => {
          const step = stepGather(state, event, gather);
          state = step.state;
          for (const effect of step.effects) {
            if (effect.type === 'cutPrompt') prompt.abort(cut);
            if (effect.type === 'startTimer' || effect.type === 'stopTimer') timer?.abort(cut);
            if (effect.type === 'startTimer') {
              timer = new AbortController();
              line.wait(effect.ms, timer.signal).then(() => onEvent({ type: 'timeout' }), ignoreCut);
            }
            if (effect.type === 'submit') done(effect);
            if (effect.type === 'fallThrough') done(undefined);
          }
        };
        this.#signal.addEventListener('abort', () => fail(this.#signal.reason as Error), {
          signal: finished.signal,
        });
        this.#signal.throwIfAborted();
        if (gather.dtmf) {
          leave = line.listen({ key: key => onEvent({ type: 'key', key }), microphone: () => {} });
        }
        this.#playAll(gather.prompt, document, prompt.signal).then(
          () => onEvent({ type: 'promptEnded' }),
          (error: unknown) => (error instanceof Cut ? undefined : fail(error as Error)),
        );
      });
    } finally {
      finished.abort();
      leave?.();
      timer?.abort(new Cut());
      prompt.abort(new Cut());
    }
  }

  async #playAll(prompts: readonly Prompt[], document: Loaded, signal: AbortSignal): Promise<void> {
    for (const prompt of prompts) {
      signal.throwIfAborted();
      await this.#prompt(prompt, document, signal);
    }
  }

  async #load(target: GoTo): Promise<Loaded> {
    try {
      return await this.#fetch(target);
    } catch (error) {
      const { fallback } = this.#deps;
      const failed = error instanceof TwimlError || error instanceof HttpFailure;
      if (!failed || this.#signal.aborted) throw error;
      if (!fallback || fallback.url === target.url) throw asTwimlError(error);
      this.#deps.notice(error.code, error.message);
      const extra = { ErrorCode: String(error.code), ErrorUrl: target.url };
      try {
        return await this.#fetch({ ...fallback, extra });
      } catch (second) {
        if (second instanceof HttpFailure) throw asTwimlError(second);
        throw second;
      }
    }
  }

  async #fetch(target: GoTo): Promise<Loaded> {
    const parameters = { ...this.#deps.parameters(), ...target.extra };
    const started = performance.now();
    const reply = await this.#deps.http.send({ ...target, parameters, maxBytes: MAX_TWIML });
    this.#signal.throwIfAborted();
    this.#deps.event('call.webhook', {
      status: reply.status,
      tookMs: Math.round(performance.now() - started),
    });
    if (reply.status < 200 || reply.status > 299) {
      throw new TwimlError(11200, `HTTP retrieval failure: ${reply.status}`);
    }
    if (reply.status === 204) return { url: target.url, verbs: [] };
    const text = reply.body.toString('utf8');
    const [type = ''] = reply.contentType.split(';');
    if (type === 'text/plain') {
      const say: Say = { verb: 'Say', voice: 'alice', language: undefined, loop: 1, content: [text] };
      return { url: target.url, verbs: [say] };
    }
    if (!/^(text|application)\/(xml|html)$/.test(type)) {
      throw new TwimlError(12300, 'invalid Content-Type of the document');
    }
    return { url: target.url, verbs: this.#parse(text) };
  }

  #parse(text: string): readonly Verb[] {
    const { verbs, warnings } = parseTwiml(text);
    for (const warning of warnings) this.#deps.notice(warning.code, warning.message);
    return verbs;
  }
}

/** Why a prompt or a timer of a gather stopped early. */
class Cut extends Error {}

function ignoreCut(error: unknown): void {
  if (!(error instanceof Cut)) throw error;
}

function resolve(reference: string, base: string): string {
  // An absolute URL is requested (and signed) exactly as it was written.
  if (URL.canParse(reference)) return reference;
  if (!URL.canParse(reference, base)) throw new TwimlError(11100, 'invalid URL');
  return reference === '' ? base : new URL(reference, base).href;
}

function asTwimlError(error: TwimlError | HttpFailure): TwimlError {
  return error instanceof TwimlError ? error : new TwimlError(error.code, error.message);
}
