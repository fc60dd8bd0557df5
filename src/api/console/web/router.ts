import { useEffect, useState } from 'preact/hooks';

const ROOT = '/console';
const moved = new EventTarget();

/** The page's own path: `/` for `/console`. */
export function currentPath(): string {
  return location.pathname.slice(ROOT.length).replace(/\/$/, '') || '/';
}

/** `/verifications?state=pending` as an address for links. */
export function link(path: string): string {
  return path === '/' ? ROOT : ROOT + path;
}

export function go(path: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, '', link(path));
  else history.pushState(null, '', link(path));
  moved.dispatchEvent(new Event('change'));
}

/** Path and query, now and whenever they change. */
export function useAddress(): { path: string; query: URLSearchParams } {
  const [, redraw] = useState(0);
  useEffect(() => {
    const change = (): void => redraw(count => count + 1);
    moved.addEventListener('change', change);
    window.addEventListener('popstate', change);
    return () => {
      moved.removeEventListener('change', change);
      window.removeEventListener('popstate', change);
    };
  }, []);
  return { path: currentPath(), query: new URLSearchParams(location.search) };
}

/** Links within the console change the page and not the document. */
export function followLinks(root: Element): void {
  root.addEventListener('click', event => {
    const click = event as MouseEvent;
    const target = event.target instanceof Element ? event.target.closest('a') : null;
    if (!target || target.target !== '' || target.hasAttribute('download')) return;
    if (click.button !== 0 || click.metaKey || click.ctrlKey || click.shiftKey || click.altKey) return;
    const { origin, pathname, search } = new URL(target.href);
    if (origin !== location.origin || !(pathname === ROOT || pathname.startsWith(`${ROOT}/`))) return;
    event.preventDefault();
    go((pathname.slice(ROOT.length) || '/') + search);
  });
}
