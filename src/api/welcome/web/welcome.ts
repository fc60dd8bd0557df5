/** The first page: one call, one code, one check. Its markup is index.html. */

const DIGITS = 6;

interface CheckAnswer {
  readonly verified: boolean;
  readonly attemptsLeft: number;
  readonly reason?: string;
}

class Refusal extends Error {}

const callForm = find('#call', HTMLFormElement);
const callButton = find('.big', HTMLButtonElement);
const callLabel = find('#call-label', HTMLElement);
const textFirst = find('#text-first', HTMLInputElement);
const going = find('#going', HTMLElement);
const phone = find('#phone', HTMLElement);
const checkForm = find('#check', HTMLFormElement);
const field = find('#pin', HTMLInputElement);
const verify = find('#verify', HTMLButtonElement);
const result = find('#result', HTMLElement);
const frame = find('iframe', HTMLIFrameElement);
const cells = [...document.querySelectorAll('.cells > i')];

/** What the phone tells of its line (sip-sim/web/frame.ts), in words. */
const LINE_WORDS: Readonly<Record<string, string>> = {
  ringing: 'The phone rings. Answer it.',
  answered: 'Listen, and type what you hear. Press 1 on the phone to hear it again.',
  ended: 'The call is over. Type what you heard, or call again.',
};

/** The verification that the digits belong to. */
let current: string | undefined;
/** What the phone told last since the button was pressed. */
let line: string | undefined;
let checking = false;

callForm.addEventListener('submit', event => {
  event.preventDefault();
  if (callButton.getAttribute('aria-disabled') === 'true') return;
  // This click is the phone's as well: browsers let nothing ring that nobody has touched.
  frame.contentWindow?.postMessage('saypin:sound', phoneOrigin());
  void call();
});
window.addEventListener('message', ({ source, origin, data }: MessageEvent<unknown>) => {
  if (source !== frame.contentWindow || origin !== phoneOrigin() || !isLine(data)) return;
  line = LINE_WORDS[data.line];
  if (current !== undefined && line !== undefined) say(going, line);
});
checkForm.addEventListener('submit', event => {
  event.preventDefault();
  void check();
});
field.addEventListener('input', () => {
  field.value = field.value.replace(/\D/g, '').slice(0, DIGITS);
  say(result, '');
  draw();
});
// Digits are added at the end, wherever in the cells the person clicked.
for (const type of ['focus', 'click']) {
  field.addEventListener(type, () => {
    if (field.selectionStart === field.selectionEnd) field.setSelectionRange(DIGITS, DIGITS);
  });
}
for (const type of ['focus', 'blur', 'select', 'keyup', 'click']) field.addEventListener(type, draw);

async function call(): Promise<void> {
  const byText = textFirst.checked;
  busy(true);
  line = undefined;
  say(going, '');
  try {
    const { id } = await post<{ id: string }>('/welcome/call', { textFirst: byText });
    current = id;
    begin();
    callLabel.textContent = 'Call me again';
    say(
      going,
      line ?? (byText ? 'A text is on its way: see Messages on the phone.' : LINE_WORDS['ringing']!),
    );
    phone.scrollIntoView({ block: 'nearest', behavior: reducedMotion() ? 'auto' : 'smooth' });
  } catch (error) {
    say(going, textOf(error), 'bad');
  }
  busy(false);
}

async function check(): Promise<void> {
  if (current === undefined || checking) return;
  if (field.value.length < DIGITS) {
    say(result, `The code has ${DIGITS} digits.`, 'bad');
    field.focus();
    return;
  }
  checking = true;
  try {
    judge(await post<CheckAnswer>('/welcome/check', { id: current, pin: field.value }));
  } catch (error) {
    say(result, textOf(error), 'bad');
  }
  checking = false;
}

function judge({ verified, attemptsLeft }: CheckAnswer): void {
  if (verified) {
    end();
    document.body.dataset['state'] = 'verified';
    say(going, '');
    say(result, 'Verified. That was the right code.', 'good');
    return;
  }
  if (attemptsLeft === 0) {
    end();
    say(going, '');
    say(result, 'This code is over. Call again for a new one.', 'bad');
    return;
  }
  say(result, `Not that one. ${attemptsLeft} ${attemptsLeft === 1 ? 'try is' : 'tries are'} left.`, 'bad');
  field.focus();
  field.select();
}

/** A new code: the last one's digits are gone. */
function begin(): void {
  document.body.dataset['state'] = 'called';
  field.value = '';
  field.disabled = false;
  verify.disabled = false;
  say(result, '');
  draw();
}

function end(): void {
  current = undefined;
  field.disabled = true;
  verify.disabled = true;
  draw();
}

/** The field's digits, each in its cell. */
function draw(): void {
  const focused = document.activeElement === field;
  const { selectionStart, selectionEnd } = field;
  const from = selectionStart ?? 0;
  const to = Math.max(selectionEnd ?? 0, from + 1);
  for (const [index, cell] of cells.entries()) {
    cell.textContent = field.value[index] ?? '';
    const at = Math.min(from, DIGITS - 1);
    cell.classList.toggle('here', focused && index >= at && index < Math.max(to, at + 1));
  }
}

/** Still in the tab order, unlike a disabled button, which would lose the focus. */
function busy(on: boolean): void {
  callButton.setAttribute('aria-disabled', String(on));
}

function say(element: HTMLElement, text: string, kind: 'good' | 'bad' | '' = ''): void {
  element.textContent = text;
  element.dataset['kind'] = kind;
}

/** @throws Refusal, in words for the page */
async function post<Body>(path: string, body: object): Promise<Body> {
  const answer = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).catch(() => {
    throw new Refusal('The service cannot be reached.');
  });
  if (answer.ok) return (await answer.json()) as Body;
  if (answer.status === 429) {
    throw new Refusal(
      `Too many in a short time. Try again in ${answer.headers.get('retry-after') ?? 'some'} s.`,
    );
  }
  const { title } = (await answer.json().catch(() => ({}))) as { title?: string };
  throw new Refusal(`${title ?? `Error ${answer.status}`}.`);
}

function textOf(error: unknown): string {
  return error instanceof Refusal ? error.message : 'Something went wrong.';
}

function phoneOrigin(): string {
  return new URL(frame.src).origin;
}

function isLine(data: unknown): data is { line: string } {
  return (
    typeof data === 'object' &&
    data !== null &&
    'saypin' in data &&
    data.saypin === 'line' &&
    'line' in data &&
    typeof data.line === 'string' &&
    Object.hasOwn(LINE_WORDS, data.line)
  );
}

function reducedMotion(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

function find<Kind extends Element>(selector: string, kind: new () => Kind): Kind {
  const element = document.querySelector(selector);
  if (!(element instanceof kind)) throw new Error(`the page has no ${selector}`);
  return element;
}
