import type { DialogConfig, Prompt } from '../../ivr/dialog-types.ts';
import type { Segment } from '../../ivr/prompt.ts';
import { createLogger } from '../../src/log.ts';
import { createCallSession, type CallSessionDeps, type SessionReport } from '../../src/media/call-session.ts';
import { createPromptAudio } from '../../src/media/prompts.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { InstantSpeech, testVoice } from '../support/instant-speech.ts';
import { ScriptedMediaStream } from '../support/scripted-media-stream.ts';

/** A PIN of three symbols between words: 2 s of sound a reading, symbol marks at 1, 1.5 and 2 s (clips of 0.5 s). */
const MESSAGE = ['your code', ...'472'];
export const READING_MS = 2_000;

export const plain: DialogConfig = {
  pauseMs: 0,
  dtmfTimeoutMs: 10_000,
  times: 1,
  gate: 'off',
  gateKeys: [],
  machine: 'off',
};

/** One session on a scripted stream, with everything that it told the outside. */
export function rig(config: Partial<DialogConfig> = {}, options: Partial<CallSessionDeps> = {}) {
  const clock = new FakeClock();
  const stream = new ScriptedMediaStream(clock);
  const speech = new InstantSpeech();
  const lines: string[] = [];
  const reports: SessionReport[] = [];
  const hangups: AbortSignal[] = [];
  let closed = 0;
  const asked: Prompt[] = [];
  const outer = {
    clock,
    stream,
    speech,
    lines,
    reports,
    hangups,
    asked,
    /** What the carrier's REST does when asked to hang up. */
    onHangup: async (): Promise<void> => stream.end('carrier'),
    get closed() {
      return closed;
    },
    get report(): SessionReport {
      const [report] = reports;
      if (!report || reports.length !== 1) throw new Error(`${reports.length} reports`);
      return report;
    },
    start: () =>
      createCallSession({
        clock,
        log: createLogger('trace', { write: line => void lines.push(line) }),
        stream,
        config: { ...plain, ...config },
        prompts: createPromptAudio({ speech, voice: testVoice, segments }, []),
        hangup: async signal => {
          hangups.push(signal);
          await outer.onHangup();
        },
        onEnd: report => void reports.push(report),
        onClosed: () => void closed++,
        ...options,
      }),
  };
  function segments(prompt: Prompt): Segment[] {
    asked.push(prompt);
    const texts = prompt.kind === 'message' ? MESSAGE : [prompt.kind];
    return texts.map(text => ({
      kind: 'speech',
      text,
      language: 'en',
      rate: 1,
      cache: 'fixed',
      pin: text.length === 1,
    }));
  }
  return outer;
}
