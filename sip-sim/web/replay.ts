import type { ComponentChild } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { h } from './dom.ts';
import { minutes } from './format.ts';
import { icon } from './icons.ts';
import { loadRecording, type Recorded } from './recording.ts';
import { Waveform } from './waveform.ts';
import type { Call } from './wire.ts';

const STEP_SECONDS = 2;

/** A finished call's sound: play, pause, seek by pointer or arrow keys, with the keys pressed in their places. */
export function Replay({ call }: { call: Call }): ComponentChild {
  const [recorded, setRecorded] = useState<Recorded>();
  const [failure, setFailure] = useState<string>();
  const [seconds, setSeconds] = useState(0);
  const [playing, setPlaying] = useState(false);
  const audio = useRef<HTMLAudioElement>(null);

  useEffect(() => {
    let made: Recorded | undefined;
    let gone = false;
    const load = async (): Promise<void> => {
      try {
        made = await loadRecording(call.id);
        if (gone) URL.revokeObjectURL(made.url);
        else setRecorded(made);
      } catch (error) {
        setFailure(error instanceof Error ? error.message : 'the recording is gone');
      }
    };
    void load();
    return () => {
      gone = true;
      if (made) URL.revokeObjectURL(made.url);
    };
  }, [call.id]);

  if (failure !== undefined) return h('p', { class: 'quiet' }, failure);
  if (!recorded) return h('p', { class: 'quiet' }, 'Loading the recording…');

  const seek = (to: number): void => {
    const bounded = Math.max(0, Math.min(recorded.seconds, to));
    if (audio.current) audio.current.currentTime = bounded;
    setSeconds(bounded);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -STEP_SECONDS, ArrowRight: STEP_SECONDS }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    seek(seconds + step);
  };
  const onPointer = (event: PointerEvent): void => {
    if (event.type === 'pointermove' && event.buttons === 0) return;
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    seek(((event.clientX - box.left) / box.width) * recorded.seconds);
  };

  return h('div', { class: 'replay' }, [
    h('audio', {
      ref: audio,
      src: recorded.url,
      onPlay: () => setPlaying(true),
      onPause: () => setPlaying(false),
      onTimeUpdate: () => setSeconds(audio.current?.currentTime ?? 0),
    }),
    h(
      'button',
      {
        type: 'button',
        class: 'round small',
        'aria-label': playing ? 'Pause the recording' : 'Play the recording',
        onClick: () => void (playing ? audio.current?.pause() : audio.current?.play()),
      },
      icon(playing ? 'pause' : 'play'),
    ),
    h(
      'div',
      {
        class: 'seek',
        role: 'slider',
        tabIndex: 0,
        'aria-label': 'Position in the recording',
        'aria-valuemin': 0,
        'aria-valuemax': Math.round(recorded.seconds),
        'aria-valuenow': Math.round(seconds),
        'aria-valuetext': `${minutes(seconds)} of ${minutes(recorded.seconds)}`,
        onKeyDown,
        onPointerDown: onPointer,
        onPointerMove: onPointer,
      },
      h(Waveform, {
        peaks: recorded.peaks,
        keys: call.keys,
        progress: recorded.seconds === 0 ? 0 : seconds / recorded.seconds,
      }),
    ),
    h('div', { class: 'replay-foot' }, [
      h('span', { class: 'figures' }, `${minutes(seconds)} / ${minutes(recorded.seconds)}`),
      h('span', null, keysText(call)),
      h('a', { href: recorded.url, download: `${call.id}.wav` }, 'Save WAV'),
    ]),
  ]);
}

/** The marks of the picture, in words. */
function keysText(call: Call): string {
  if (call.keys.length === 0) return 'No keys pressed';
  return `Keys: ${call.keys.map(({ key, ms }) => `${key} at ${minutes(ms / 1000)}`).join(', ')}`;
}
