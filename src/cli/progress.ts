import type { Terminal } from './terminal.ts';

export interface Progress {
  /** One more of `total` is done; `now`: what comes next. */
  step(now?: string): void;
  /** Takes the bar away. */
  end(): void;
}

const WIDTH = 24;
const ERASE_LINE = '\r\u001b[2K';

/** A bar on the terminal's error output, and nothing at all where there is no terminal. */
export function createProgress(terminal: Terminal, what: string, total: number): Progress {
  const isShown = terminal.tty?.error === true && total > 0;
  let done = 0;
  const draw = (now: string): void => {
    if (!isShown) return;
    const full = Math.round((Math.min(done, total) / total) * WIDTH);
    const line = `${what} [${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}] ${done}/${total} ${now}`;
    terminal.error(`${ERASE_LINE}${line.slice(0, (terminal.tty?.columns ?? 80) - 1)}`);
  };
  draw('');
  return {
    step(now = '') {
      done++;
      draw(now);
    },
    end() {
      if (isShown) terminal.error(ERASE_LINE);
    },
  };
}
