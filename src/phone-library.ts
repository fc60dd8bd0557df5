import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compileFunction } from 'node:vm';

import type * as Library from 'libphonenumber-js/max';

/** The script that the package also ships for browsers: the same code and numbering plans (`max`). */
const FILE = fileURLToPath(
  new URL('bundle/libphonenumber-max.js', import.meta.resolve('libphonenumber-js/package.json')),
);

/**
 * libphonenumber-js from one file. As modules it is 93 of them, and reading those is a tenth of the whole start (60 ms of 600). The
 * package calls itself a module, so that `require` would take this script for one as well: it is run as what it is.
 */
export const { parsePhoneNumberFromString } = load();

function load(): Pick<typeof Library, 'parsePhoneNumberFromString'> {
  const exports = {};
  const run = compileFunction(readFileSync(FILE, 'utf8'), ['exports', 'module'], { filename: FILE }) as (
    exports: object,
    module: object,
  ) => void;
  run(exports, { exports });
  return exports as typeof Library;
}
