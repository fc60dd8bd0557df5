import type { ComponentChild } from 'preact';

import { h } from './dom.ts';

const PATHS = {
  handset:
    'M6.6 10.8c1.4 2.8 3.8 5.2 6.6 6.6l2.2-2.2c.3-.3.7-.4 1-.2 1.1.4 2.3.6 3.6.6.6 0 1 .4 1 1V20c0 .6-.4 1-1 1C10.6 21 3 13.4 3 4c0-.6.4-1 1-1h3.5c.6 0 1 .4 1 1 0 1.2.2 2.4.6 3.6.1.3 0 .7-.2 1l-2.3 2.2z',
  play: 'M8 5.5v13l10.5-6.5z',
  pause: 'M7 5h3.5v14H7zM13.5 5H17v14h-3.5z',
  message: 'M4 4h16a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2H9l-5 4v-4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2z',
  mail: 'M4 5h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2zm8 7.6L20 7.5H4z',
  clock:
    'M12 2a10 10 0 1 1 0 20 10 10 0 0 1 0-20zm0 2a8 8 0 1 0 0 16 8 8 0 0 0 0-16zm-1 3h2v4.6l3.3 3.3-1.4 1.4L11 12.4z',
  speaker:
    'M4 9v6h4l5 4.5v-15L8 9zm12-.9v7.8a4.5 4.5 0 0 0 0-7.8zm0-4v2.1a6.5 6.5 0 0 1 0 11.6v2.1a8.5 8.5 0 0 0 0-15.8z',
  muted:
    'M4 9v6h4l5 4.5v-15L8 9zm17.4.9L20 8.5l-2.1 2.1-2.1-2.1-1.4 1.4 2.1 2.1-2.1 2.1 1.4 1.4 2.1-2.1 2.1 2.1 1.4-1.4-2.1-2.1z',
  incoming: 'M18.6 4 20 5.4 9.4 16H16v2H6V8h2v6.6z',
  missed: 'M19.6 6.4 12 14 6.4 8.4H11v-2H3v8h2V9.8l7 7 9-9z',
  plus: 'M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z',
  close: 'm6.4 5 5.6 5.6L17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6l5.6-5.6L5 6.4z',
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
