import type { ComponentChild } from 'preact';

import { h } from './dom.ts';

/** Strokes of 1.7 on a grid of 24. */
const PATHS = {
  overview: 'M4 20V10M10 20V4M16 20v-7M21 20H3',
  send: 'M21 3 10 14M21 3l-7 18-4-7-7-4z',
  list: 'M8 6h13M8 12h13M8 18h13M3.5 6h.01M3.5 12h.01M3.5 18h.01',
  calls:
    'M5 4h4l1.6 4.4L8.2 10a12 12 0 0 0 5.8 5.8l1.6-2.4L20 15v4a1.6 1.6 0 0 1-1.8 1.6A15.5 15.5 0 0 1 3.4 5.8 1.6 1.6 0 0 1 5 4z',
  applications: 'M4 4h6.5v6.5H4zM13.5 4H20v6.5h-6.5zM4 13.5h6.5V20H4zM13.5 13.5H20V20h-6.5z',
  carriers: 'M12 14v7M8.5 17.5a5 5 0 1 1 7 0M5.6 20.4a9 9 0 1 1 12.8 0M12 13.9h.01',
  limits: 'M12 3l8 3v6c0 5-3.4 7.9-8 9-4.6-1.1-8-4-8-9V6zM9 9l6 6M15 9l-6 6',
  webhooks:
    'M9 8a3.5 3.5 0 1 1 5.2 3L17 16.500M9.700 11 7 16M7 16a2.600 2.600 0 1 0 2.400 3.500H14M17 16.500a2.600 2.600 0 1 1-2.500 3',
  keys: 'M14.500 9.500a4.500 4.500 0 1 1-1.300-3.200 4.500 4.500 0 0 1 1.300 3.200zM13.200 12.700 20 19.500M17 16.500l-2 2M19.500 19l-1.500 1.500',
  reports: 'M6 3h8l4 4v14H6zM14 3v4h4M9.500 12h5M9.500 16h5',
  play: 'M8 5.500v13l10.500-6.500z',
  stop: 'M7 7h10v10H7z',
  phone:
    'M8 3h8a1.500 1.500 0 0 1 1.500 1.500v15A1.500 1.500 0 0 1 16 21H8a1.500 1.500 0 0 1-1.500-1.500v-15A1.500 1.500 0 0 1 8 3zM11 18h2',
  leave: 'M10 4H5v16h5M14.500 8l4 4-4 4M18.500 12H9',
  menu: 'M4 7h16M4 12h16M4 17h16',
  close: 'M6 6l12 12M18 6 6 18',
  plus: 'M12 5v14M5 12h14',
  up: 'M12 19V6M6.500 11.500 12 6l5.500 5.500',
  down: 'M12 5v13M6.500 12.500 12 18l5.500-5.500',
  arrow: 'M5 12h13M12.500 6.500 18 12l-5.500 5.500',
} as const;

export type IconName = keyof typeof PATHS;

/** Decoration beside words; where an icon stands alone, its button has a label. */
export function icon(name: IconName, className = ''): ComponentChild {
  return h(
    'svg',
    { class: `icon ${className}`.trim(), viewBox: '0 0 24 24', 'aria-hidden': 'true', focusable: 'false' },
    h('path', { d: PATHS[name] }),
  );
}
