import type { ComponentChild } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { api, apiSound, type ApiError } from './api.ts';
import { h } from './dom.ts';
import { icon } from './icons.ts';
import { asApiError } from './load.ts';
import { Panel } from './ui.ts';
import type { Script, Utterance } from './wire.ts';
import { readSound, Waveform, type Sound } from './waveform.ts';

/** What is previewed: the body of /console/api/preview. */
export interface Wording {
  readonly text: string;
  readonly language?: string;
  readonly voice?: string;
  readonly speechRate: number;
  readonly pinLength: number;
  readonly pinType: string;
  readonly placeholders?: Readonly<Record<string, string>>;
}

const SETTLE_MS = 250;

/** Speaks the words with a made-up PIN, and shows what is said and how a carrier would be told. */
export function Preview({ wording }: { readonly wording: Wording }): ComponentChild {
  const key = JSON.stringify(wording);
  const { script, error } = useScript(wording, key);
  return h(Panel, {
    title: 'Preview',
    note: 'With a made-up PIN, exactly as a phone would hear it.',
    class: 'preview',
    children: [
      h(Player, { wording, wordingKey: key, ready: script !== undefined }),
      error && h('p', { class: 'failure', role: 'alert' }, error.message),
      script && [
        script.fallback !== undefined && h('p', { class: 'note' }, `${script.fallback}.`),
        h('div', { class: 'readings' }, [
          h('div', null, [
            h('h3', null, 'What is said'),
            h('p', { class: 'utterances' }, script.utterances.map(utterance)),
          ]),
          h('div', null, [
            h('h3', null, 'As SSML'),
            h('pre', { class: 'code', tabIndex: 0, 'aria-label': 'SSML' }, broken(script.ssml)),
          ]),
        ]),
      ],
    ],
  });
}

/** Asked for when nobody has typed for a moment. */
function useScript(
  wording: Wording,
  key: string,
): { script: Script | undefined; error: ApiError | undefined } {
  const [script, setScript] = useState<Script>();
  const [error, setError] = useState<ApiError>();
  useEffect(() => {
    let current = true;
    const load = async (): Promise<void> => {
      let found: Script | undefined;
      let refused: ApiError | undefined;
      try {
        found = await api<Script>('POST', '/preview/script', wording);
      } catch (thrown) {
        refused = asApiError(thrown);
      }
      if (!current) return;
      setScript(found);
      setError(refused);
    };
    const timer = window.setTimeout(() => void load(), SETTLE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [key]);
  return { script, error };
}

function Player(props: {
  readonly wording: Wording;
  readonly wordingKey: string;
  readonly ready: boolean;
}): ComponentChild {
  const { wording, wordingKey, ready } = props;
  const audio = useRef<HTMLAudioElement>(null);
  const [sound, setSound] = useState<Sound & { readonly of: string }>();
  const [busy, setBusy] = useState(false);
  const [playing, setPlaying] = useState(false);
  const [progress, setProgress] = useState(0);
  const [error, setError] = useState<ApiError>();
  useEffect(() => (sound ? () => URL.revokeObjectURL(sound.url) : undefined), [sound]);
  const fresh = sound?.of === wordingKey;

  const play = async (): Promise<void> => {
    const element = audio.current;
    if (!element) return;
    if (playing) {
      element.pause();
      return;
    }
    setError(undefined);
    try {
      if (!fresh) {
        setBusy(true);
        const made = await readSound(await apiSound('/preview', wording));
        setSound({ ...made, of: wordingKey });
        element.src = made.url;
      }
      await element.play();
    } catch (thrown) {
      setError(asApiError(thrown));
    } finally {
      setBusy(false);
    }
  };
  let label = 'Listen';
  if (busy) label = 'Speaking…';
  else if (playing) label = 'Stop';
  return h('div', { class: 'player' }, [
    h(
      'button',
      { type: 'button', class: 'button main', disabled: busy || !ready, onClick: () => void play() },
      [icon(playing ? 'stop' : 'play', 'solid'), label],
    ),
    h(Waveform, { peaks: fresh ? sound.peaks : FLAT, progress: fresh ? progress : 0 }),
    h('span', { class: 'figures note' }, fresh ? `${sound.seconds.toFixed(1)} s` : ''),
    h('audio', {
      ref: audio,
      onPlay: () => setPlaying(true),
      onPause: () => setPlaying(false),
      onEnded: () => setPlaying(false),
      onTimeUpdate: event =>
        setProgress(event.currentTarget.currentTime / (event.currentTarget.duration || 1)),
    }),
    error && h('p', { class: 'failure', role: 'alert' }, error.message),
  ]);
}

const FLAT: readonly number[] = Array.from({ length: 96 }, () => 0);

function utterance(each: Utterance, index: number): ComponentChild {
  switch (each.kind) {
    case 'words':
      return h('span', { key: index, class: 'said' }, each.text);
    case 'characters':
      return h(
        'span',
        { key: index, class: each.pin ? 'symbols pin' : 'symbols' },
        each.symbols.map((symbol, at) => h('b', { key: at }, symbol)),
      );
    default:
      return h('span', { key: index, class: 'gap' }, `${each.ms} ms`);
  }
}

/** A line for each element, so that it can be read. */
function broken(ssml: string): string {
  return ssml
    .replaceAll(/(<break[^>]*>)(?=.)/g, '$1\n')
    .replace(/^<speak>(?=.)/, '<speak>\n')
    .replace(/(?<=.)<\/speak>$/, '\n</speak>');
}
