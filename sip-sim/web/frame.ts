import { currentCall, type PhoneState } from './phone-state.ts';

/**
 * What a phone and the page that has it in a frame say to each other. Only pages of this machine can be that page (`frame-ancestors`
 * of the policy), so that no target needs to be named.
 */

/** Browsers let a frame sound once somebody has clicked in the page around it, if that page allows it to. */
const SOUND = 'saypin:sound';

export type Line = 'ringing' | 'answered' | 'ended';

/** Calls `allow` when the page around this one was clicked. */
export function onPermissionToSound(allow: () => void): void {
  if (window.parent === window) return;
  window.addEventListener('message', event => {
    if (event.source === window.parent && event.data === SOUND) allow();
  });
}

/** Tells the page around this one how the call goes, and nothing of what is said. The answer ends it. */
export function tellTheLine(phone: {
  readonly state: PhoneState;
  onChange(listener: () => void): () => void;
}): () => void {
  if (window.parent === window) return () => {};
  let told: Line | undefined;
  return phone.onChange(() => {
    const line = currentCall(phone.state)?.state ?? (told === undefined ? undefined : 'ended');
    if (line === told || (line !== 'ringing' && line !== 'answered' && line !== 'ended')) return;
    told = line;
    window.parent.postMessage({ saypin: 'line', line }, '*');
  });
}
