import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

/** Real Chromium, the machine's own: nothing is downloaded. */
const EXECUTABLE = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

/** Why no browser test can run here; undefined where they can. For `describe.skipIf` and its name. */
export const noBrowser = existsSync(EXECUTABLE)
  ? undefined
  : `skipped: no Chromium at ${EXECUTABLE} (CHROMIUM_PATH)`;

export const DESKTOP = { width: 1280, height: 800 } as const;
export const PHONE = { width: 390, height: 844 } as const;

export interface PageOptions {
  readonly size?: { readonly width: number; readonly height: number };
  readonly scheme?: 'light' | 'dark';
  readonly reducedMotion?: boolean;
  /** For `tapLoudspeaker`, whose worklet the page's policy would refuse: the policy is not enforced in this page. */
  readonly tap?: boolean;
}

/** A page and all that went wrong in it: script errors, policy violations, failed requests, requests to elsewhere. */
export interface WatchedPage {
  readonly page: Page;
  readonly problems: readonly string[];
  /** Bytes of script that the page loaded, as they came. */
  readonly scripts: ReadonlyMap<string, Buffer>;
  readonly close: () => Promise<void>;
}

export interface TestBrowser {
  /** Opens a page of `origin`; every other host is refused and noted. */
  page(origin: string, options?: PageOptions): Promise<WatchedPage>;
  close(): Promise<void>;
}

export async function openBrowser(): Promise<TestBrowser> {
  const browser: Browser = await chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  return {
    page: async (origin, options) => await watch(browser, origin, options ?? {}),
    close: async () => await browser.close(),
  };
}

const VIOLATIONS = `document.addEventListener('securitypolicyviolation', event =>
  console.error('policy violation: ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample))`;

async function watch(browser: Browser, origin: string, options: PageOptions): Promise<WatchedPage> {
  const context: BrowserContext = await browser.newContext({
    viewport: options.size ?? DESKTOP,
    colorScheme: options.scheme ?? 'light',
    bypassCSP: options.tap === true,
    reducedMotion: options.reducedMotion === true ? 'reduce' : 'no-preference',
  });
  context.setDefaultTimeout(8_000);
  const page = await context.newPage();
  const problems: string[] = [];
  const scripts = new Map<string, Buffer>();
  await context.route(
    url => url.origin !== origin && url.protocol !== 'blob:' && url.protocol !== 'data:',
    async route => {
      problems.push(`a request to ${route.request().url()}`);
      await route.abort();
    },
  );
  await context.addInitScript(VIOLATIONS);
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  page.on('pageerror', error => problems.push(error.message));
  page.on('dialog', async dialog => {
    problems.push(`a dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  page.on('response', response => {
    if (response.status() >= 400) problems.push(`${response.status()} ${response.url()}`);
    if (response.request().resourceType() !== 'script') return;
    response.body().then(
      body => scripts.set(new URL(response.url()).pathname, body),
      () => {},
    );
  });
  return { page, problems, scripts, close: async () => await context.close() };
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds wrong with the page as it stands: `rule: element`. */
export async function accessibilityProblems(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE);
  return await page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => id + ': ' + target.join(' ') + ' ' + failureSummary)))`);
}

const TAP_WORKLET = `registerProcessor('tap', class extends AudioWorkletProcessor {
  process([input]) {
    if (input[0]) this.port.postMessage({ time: currentTime, samples: input[0].slice() });
    return true;
  }
});`;
/** Whatever is connected to the loudspeaker is connected to the tap as well; the page's own code knows nothing of it. */
const TAP_SCRIPT = `(() => {
  const connect = AudioNode.prototype.connect;
  const worklet = URL.createObjectURL(new Blob([${JSON.stringify(TAP_WORKLET)}], { type: 'text/javascript' }));
  const taps = new WeakMap();
  window.__tap = [];
  // When the loudspeaker gives that moment of the context's time, on the wall clock.
  const playedAt = (context, time) => {
    const { contextTime, performanceTime } = context.getOutputTimestamp();
    return performance.timeOrigin + performanceTime + (time - contextTime) * 1000;
  };
  const tapOf = context => {
    if (!taps.has(context)) {
      const hub = new GainNode(context);
      taps.set(context, hub);
      context.audioWorklet.addModule(worklet).then(() => {
        const tap = new AudioWorkletNode(context, 'tap', { numberOfOutputs: 0, channelCount: 1, channelCountMode: 'explicit' });
        tap.port.onmessage = ({ data }) => window.__tap.push({ at: playedAt(context, data.time), rate: context.sampleRate, samples: data.samples });
        connect.call(hub, tap);
      });
    }
    return taps.get(context);
  };
  AudioNode.prototype.connect = function (target, ...rest) {
    if (target instanceof AudioDestinationNode) connect.call(this, tapOf(target.context));
    return connect.call(this, target, ...rest);
  };
})()`;

export interface Loudspeaker {
  /** Resolves when something is to be heard. */
  sounds(): Promise<void>;
  /** All that was played so far. */
  tapped(): Promise<Tapped>;
}

export interface Tapped {
  readonly rate: number;
  readonly samples: Float32Array;
  /** When the loudspeaker gave the sample with this index, in ms of the wall clock. */
  wallMs(index: number): number;
}

/** Listens at the loudspeaker of a page that was made with `tap`; to be called before the page is opened. */
export async function tapLoudspeaker(page: Page): Promise<Loudspeaker> {
  await page.addInitScript(TAP_SCRIPT);
  const tapped = async (): Promise<Tapped> => {
    const chunks = await page.evaluate<{ at: number; rate: number; samples: number[] }[]>(
      'window.__tap.map(({ at, rate, samples }) => ({ at, rate, samples: [...samples] }))',
    );
    const starts: number[] = [];
    const samples: number[] = [];
    for (const chunk of chunks) {
      starts.push(samples.length);
      samples.push(...chunk.samples);
    }
    return {
      rate: chunks[0]?.rate ?? 0,
      samples: Float32Array.from(samples),
      wallMs: index => {
        const chunk = starts.findLastIndex(start => start <= index);
        const into = index - (starts[chunk] ?? 0);
        return (chunks[chunk]?.at ?? NaN) + (into * 1_000) / (chunks[chunk]?.rate ?? NaN);
      },
    };
  };
  return {
    tapped,
    sounds: async () => {
      await page.waitForFunction(
        'window.__tap.some(({ samples }) => samples.some(sample => Math.abs(sample) > 0.01))',
      );
    },
  };
}
