import { render } from 'preact';

import { h } from './dom.ts';
import { numbersIn } from './format.ts';
import { createSoundBox } from './sound.ts';
import { IndexPage } from './view-index.ts';
import { PhonesPage } from './view-phones.ts';

/** One page for one phone, one for several, one to find them: the address says which. */

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
