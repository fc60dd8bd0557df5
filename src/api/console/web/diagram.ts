import type { ComponentChild } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

import { h } from './dom.ts';

/** The dialogue's state machine (ivr/dialog-state.ts), drawn. */

interface Node {
  readonly id: string;
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

const WIDTH = 118;
const HEIGHT = 40;
const VIEW_WIDTH = 982;

const NODES: readonly Node[] = [
  { id: 'idle', name: 'Connected', x: 8, y: 106 },
  { id: 'answerPause', name: 'A breath', x: 162, y: 106 },
  { id: 'greeting', name: 'Machine?', x: 316, y: 196 },
  { id: 'gatePrompt', name: '“Press a key”', x: 316, y: 16 },
  { id: 'gateListening', name: 'Awaits the key', x: 470, y: 16 },
  { id: 'gateBreath', name: 'Wrong key', x: 393, y: 78 },
  { id: 'playing', name: 'Says the code', x: 547, y: 136 },
  { id: 'listening', name: 'Listens', x: 701, y: 136 },
  { id: 'tail', name: 'Last words', x: 701, y: 206 },
  { id: 'ended', name: 'Ended', x: 855, y: 136 },
];

/** Paths from edge to edge. */
const EDGES: readonly (readonly [from: string, to: string, path: string])[] = [
  ['idle', 'answerPause', 'M126 126H160'],
  ['answerPause', 'gatePrompt', 'M221 106C221 60 260 36 314 36'],
  ['answerPause', 'playing', 'M280 126H420C470 126 490 156 545 156'],
  ['answerPause', 'greeting', 'M221 146C221 190 260 216 314 216'],
  ['greeting', 'playing', 'M434 216C500 216 520 190 566 178'],
  ['gatePrompt', 'gateListening', 'M434 36H468'],
  ['gateListening', 'gateBreath', 'M529 56C529 84 524 98 513 98'],
  ['gateBreath', 'gatePrompt', 'M393 98C376 98 372 84 372 58'],
  ['gateListening', 'playing', 'M588 36C616 36 616 80 616 134'],
  ['playing', 'listening', 'M665 150H699'],
  ['listening', 'playing', 'M701 164H667'],
  ['playing', 'tail', 'M606 176C606 226 640 226 699 226'],
  ['listening', 'ended', 'M819 156H853'],
  ['tail', 'ended', 'M819 226C880 226 914 210 914 178'],
];

/** `at`: where it is; `path`: where it has been. */
export function Diagram({
  at,
  path,
}: {
  readonly at: string;
  readonly path: readonly string[];
}): ComponentChild {
  const node = NODES.find(({ id }) => id === at);
  const now = node?.name ?? at;
  const box = useRef<HTMLDivElement>(null);
  // Where there is no room for all of it, the state of now is what is to be seen.
  useEffect(() => {
    const { current } = box;
    if (!current || !node) return;
    const middle = ((node.x + WIDTH / 2) / VIEW_WIDTH) * current.scrollWidth;
    current.scrollTo({ left: middle - current.clientWidth / 2 });
  }, [at]);
  const walked = throughBreath([...path, at]);
  const been = (from: string, to: string): boolean =>
    walked.some((each, index) => each === from && walked[index + 1] === to);
  return h(
    'div',
    { ref: box, class: 'diagram', tabIndex: 0, role: 'group', 'aria-label': `The dialogue: ${now}` },
    [
      h('svg', { viewBox: `0 0 ${VIEW_WIDTH} 252`, role: 'img', 'aria-label': `State: ${now}` }, [
        h('defs', null, [arrow('arrow', 'arrow-head'), arrow('arrow-been', 'arrow-head been')]),
        ...EDGES.map(([from, to, d]) =>
          h('path', {
            key: `${from} ${to}`,
            d,
            class: been(from, to) ? 'edge been' : 'edge',
            'marker-end': been(from, to) ? 'url(#arrow-been)' : 'url(#arrow)',
          }),
        ),
        ...NODES.map(({ id, name, x, y }) =>
          h('g', { key: id, class: nodeClass(id, at, walked) }, [
            h('rect', { x, y, width: WIDTH, height: HEIGHT, rx: 12 }),
            h('text', { x: x + WIDTH / 2, y: y + HEIGHT / 2 + 4.5 }, name),
          ]),
        ),
      ]),
    ],
  );
}

/** Where the pause after the answer has no length, it is passed within one step, and never seen. */
function throughBreath(walked: readonly string[]): readonly string[] {
  const [first, second] = walked;
  const passed = first === 'idle' && second !== undefined && second !== 'answerPause' && second !== 'ended';
  return passed ? ['idle', 'answerPause', ...walked.slice(1)] : walked;
}

function nodeClass(id: string, at: string, path: readonly string[]): string {
  if (id === at) return 'node now';
  return path.includes(id) ? 'node been' : 'node';
}

function arrow(id: string, className: string): ComponentChild {
  return h(
    'marker',
    { id, viewBox: '0 0 8 8', refX: 6.5, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto' },
    h('path', { d: 'M1 1l6 3-6 3z', class: className }),
  );
}
