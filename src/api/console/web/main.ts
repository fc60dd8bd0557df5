import { render } from 'preact';

import { h } from './dom.ts';
import { followLinks } from './router.ts';
import { App } from './view-app.ts';

const root = document.querySelector('#app');
if (root) {
  // What the shell shows while the modules load.
  root.replaceChildren();
  followLinks(root);
  render(h(App, null), root);
}
