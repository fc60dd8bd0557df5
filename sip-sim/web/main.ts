import { render } from 'preact';

import { h } from './dom.ts';
import { numbersIn } from './format.ts';
import { createSoundBox } from './sound.ts';
import { IndexPage } from './view-index.ts';
import { PhonesPage } from './view-phones.ts';

/** One page for one phone, one for several, one to find them: the address says which. */

// Beside the content of another page, the device is enough.
if (window.parent !== window) document.body.classList.add('framed');

const numbers = numbersIn(location.pathname);
const root = document.querySelector('#app');
if (root) {
  // What the shell shows while the modules load.
  root.replaceChildren();
  if (numbers.length === 0) render(h(IndexPage, null), root);
  else {
    document.title = `${numbers.join(', ')} · Saypin phones`;
    render(h(PhonesPage, { numbers, sound: createSoundBox() }), root);
  }
}
