import type { ComponentChild } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { session, signedOut } from './api.ts';
import { h } from './dom.ts';
import { icon, type IconName } from './icons.ts';
import { asApiError, forgetApplications } from './load.ts';
import { link, useAddress } from './router.ts';
import { button } from './ui.ts';
import { ApplicationPage } from './view-application.ts';
import { ApplicationsPage } from './view-applications.ts';
import { CallsPage } from './view-calls.ts';
import { CarriersPage } from './view-carriers.ts';
import { KeysPage } from './view-keys.ts';
import { LimitsPage } from './view-limits.ts';
import { OverviewPage } from './view-overview.ts';
import { ReportsPage } from './view-reports.ts';
import { SendPage } from './view-send.ts';
import { SignIn } from './view-sign-in.ts';
import { TemplatePage } from './view-template.ts';
import { VerificationPage } from './view-verification.ts';
import { VerificationsPage } from './view-verifications.ts';
import { WebhooksPage } from './view-webhooks.ts';
import type { SessionView } from './wire.ts';

interface Place {
  readonly path: string;
  readonly label: string;
  readonly icon: IconName;
}

/** Grouped as one works: what happens, what is set up, who may. */
const PLACES: readonly (readonly Place[])[] = [
  [
    { path: '/', label: 'Overview', icon: 'overview' },
    { path: '/send', label: 'Send a test', icon: 'send' },
    { path: '/verifications', label: 'Verifications', icon: 'list' },
    { path: '/calls', label: 'Live calls', icon: 'calls' },
  ],
  [
    { path: '/applications', label: 'Applications', icon: 'applications' },
    { path: '/carriers', label: 'Carriers', icon: 'carriers' },
    { path: '/limits', label: 'Limits and blocks', icon: 'limits' },
  ],
  [
    { path: '/webhooks', label: 'Webhooks', icon: 'webhooks' },
    { path: '/keys', label: 'API keys', icon: 'keys' },
    { path: '/reports', label: 'Reports', icon: 'reports' },
  ],
];

type Show = (params: readonly string[], about: SessionView) => ComponentChild;

const ROUTES: readonly (readonly [RegExp, Show])[] = [
  [/^\/$/, () => h(OverviewPage, null)],
  [/^\/send$/, (_, { simulatorUrl }) => h(SendPage, { simulatorUrl })],
  [/^\/verifications$/, () => h(VerificationsPage, null)],
  [
    /^\/verifications\/([^/]+)$/,
    ([id = ''], { simulatorUrl }) => h(VerificationPage, { id, simulatorUrl, key: id }),
  ],
  [/^\/calls$/, (_, { liveDialogues }) => h(CallsPage, { live: liveDialogues })],
  [/^\/applications$/, () => h(ApplicationsPage, null)],
  [/^\/applications\/([^/]+)$/, ([id = '']) => h(ApplicationPage, { id, key: id })],
  [
    /^\/applications\/([^/]+)\/templates\/([^/]+)$/,
    ([applicationId = '', messageId = ''], { simulatorUrl }) =>
      h(TemplatePage, { applicationId, messageId, simulatorUrl, key: messageId }),
  ],
  [/^\/carriers$/, () => h(CarriersPage, null)],
  [/^\/limits$/, () => h(LimitsPage, null)],
  [/^\/webhooks$/, () => h(WebhooksPage, null)],
  [/^\/keys$/, () => h(KeysPage, null)],
  [/^\/reports$/, () => h(ReportsPage, null)],
];

/** Who is signed in, and the page that the address names. */
export function App(): ComponentChild {
  const [about, setAbout] = useState<SessionView | 'nobody' | 'asking'>('asking');
  const [failure, setFailure] = useState<string>();
  const { path } = useAddress();
  useEffect(() => {
    session.current().then(
      found => setAbout(found ?? 'nobody'),
      (error: unknown) => setFailure(asApiError(error).message),
    );
    const over = (): void => {
      forgetApplications();
      setAbout('nobody');
    };
    signedOut.addEventListener('change', over);
    return () => signedOut.removeEventListener('change', over);
  }, []);
  if (failure !== undefined) return h('main', { class: 'waiting' }, h('p', { role: 'alert' }, failure));
  if (about === 'asking')
    return h('main', { class: 'waiting', 'aria-busy': 'true' }, h('h1', null, 'Saypin console'));
  if (about === 'nobody') return h(SignIn, { onSignedIn: setAbout });
  return h(Frame, { about, path, onLeave: () => setAbout('nobody') });
}

function Frame({
  about,
  path,
  onLeave,
}: {
  about: SessionView;
  path: string;
  onLeave: () => void;
}): ComponentChild {
  const [open, setOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    setOpen(false);
    const title = main.current?.querySelector('h1');
    document.title = `${title?.textContent ?? 'Console'} · Saypin`;
    window.scrollTo(0, 0);
    // Not at the first page, whose focus is the browser's own business.
    if (first.current) first.current = false;
    else title?.focus({ preventScroll: true });
  }, [path]);
  const leave = async (): Promise<void> => {
    await session.end();
    forgetApplications();
    onLeave();
  };
  return h('div', { class: 'frame' }, [
    h('a', { class: 'skip', href: '#main' }, 'Skip to the page'),
    h('aside', { class: `side ${open ? 'open' : ''}` }, [
      h('div', { class: 'side-head' }, [
        h('a', { class: 'brand', href: link('/') }, [
          h('img', { src: '/console/web/icon.svg', alt: '', width: 28, height: 28 }),
          h('span', null, [h('b', null, 'Saypin'), ' console']),
        ]),
        h(
          'button',
          {
            type: 'button',
            class: 'bare menu',
            'aria-expanded': open,
            'aria-controls': 'places',
            onClick: () => setOpen(!open),
          },
          [icon(open ? 'close' : 'menu'), h('span', { class: 'out-of-sight' }, 'Menu')],
        ),
      ]),
      h('nav', { id: 'places', 'aria-label': 'Pages' }, [
        ...PLACES.map(places =>
          h(
            'ul',
            { key: places[0]?.path },
            places.map(place => placeLink(place, path)),
          ),
        ),
        h('div', { class: 'side-foot' }, [
          about.simulatorUrl !== undefined &&
            h('a', { href: about.simulatorUrl, target: '_blank', rel: 'noreferrer' }, [
              icon('phone'),
              'Phones',
            ]),
          h('a', { href: '/docs', target: '_blank', rel: 'noreferrer' }, [icon('reports'), 'API reference']),
          h('p', null, [
            'Signed in as ',
            h('b', null, about.name),
            h('small', null, `Saypin ${about.version}`),
          ]),
          button('Sign out', { kind: 'plain', icon: 'leave', onClick: () => void leave() }),
        ]),
      ]),
    ]),
    h('main', { id: 'main', ref: main, tabIndex: -1 }, pageOf(path, about)),
  ]);
}

function placeLink({ path, label, icon: name }: Place, current: string): ComponentChild {
  const here = path === '/' ? current === '/' : current === path || current.startsWith(`${path}/`);
  return h('li', { key: path }, [
    h(
      'a',
      { href: link(path), class: here ? 'here' : undefined, 'aria-current': here ? 'page' : undefined },
      [icon(name), label],
    ),
  ]);
}

function pageOf(path: string, about: SessionView): ComponentChild {
  for (const [pattern, show] of ROUTES) {
    const match = pattern.exec(path);
    if (match) return show(match.slice(1).map(decoded), about);
  }
  return h('div', { class: 'page-body' }, [
    h('h1', { tabIndex: -1 }, 'No such page'),
    h('p', { class: 'empty' }, h('a', { href: link('/') }, 'To the overview')),
  ]);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
