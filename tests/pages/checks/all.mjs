// Every check by its name. A check takes a page and returns what is wrong with it, so that the page's own
// tests and the tests of the checks ask the same thing.

import { accessible } from './accessible.mjs';
import { filters } from './filters.mjs';
import { inert } from './inert.mjs';
import { keyboard } from './keyboard.mjs';
import { links } from './links.mjs';
import { narrow } from './narrow.mjs';
import { print } from './print.mjs';
import { quiet } from './quiet.mjs';
import { scriptOff } from './script_off.mjs';
import { size } from './size.mjs';
import { structure } from './structure.mjs';

export const CHECKS = {
  quiet,
  links,
  structure,
  scriptOff,
  filters,
  keyboard,
  accessible,
  narrow,
  print,
  inert,
  size,
};
