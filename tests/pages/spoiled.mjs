// The tests of the checks: a good page, spoiled in one way at a time, and what the check of that must say.
//
// The page is spoiled in its tree, with its script off, and written out again; so nothing here knows how
// the renderer spells what it spoils. Where a fault is one of behaviour, a second script brings it.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKS } from './checks/all.mjs';
import { Subject, firstLine } from './browser.mjs';
import { FAULTS } from './faults.mjs';

/** Faults looked for side by side. */
const AT_ONCE = 2;

/** Spoils `good` in every way; how many ways, and which of them nobody noticed. */
export async function spoil(good, folder) {
  const complaints = [];
  const work = FAULTS.map((fault, at) => ({ ...fault, at }));
  const drain = async () => {
    for (let fault = work.shift(); fault; fault = work.shift())
      complaints.push(...(await unnoticed(good, folder, fault)));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, drain));
  return { count: FAULTS.length, complaints };
}

/** Empty where the check says of the spoiled page what it must. */
async function unnoticed(good, folder, fault) {
  const what = `spoiled page: ${fault.check}: ${fault.says}`;
  const subject = await made(good, folder, fault).catch(error => firstLine(error));
  if (typeof subject === 'string') return [`${what}: ${subject}`];
  const said = await CHECKS[fault.check](subject).catch(error => [`broke: ${firstLine(error)}`]);
  return said.some(complaint => fault.says.test(complaint))
    ? []
    : [`${what} was not said, but: ${said.slice(0, 3).join(' | ') || 'nothing'}`];
}

/** The spoiled page, as a file beside the pictures. */
async function made(good, folder, fault) {
  const file = join(folder, `${fault.hostile ? 'hostile-' : ''}spoiled-${fault.at}.html`);
  const text = await good.open({ script: false }, ({ page }) =>
    page.evaluate(`(${spoiled})(${fault.spoil})`),
  );
  writeFileSync(file, text);
  if (fault.hostile) writeFileSync(file.replace(/\.html$/, '.json'), JSON.stringify(fault.hostile));
  return new Subject(good.browser, file, fault.hostile ? 'hostile' : 'spoiled');
}

/** In the page: spoils it, and returns it as text. */
function spoiled(spoil) {
  const all = selector => [...document.querySelectorAll(selector)];
  const one = selector => {
    const found = document.querySelector(selector);
    if (!found) throw new Error(`nothing to spoil: ${selector}`);
    return found;
  };
  const policy = one('meta[http-equiv="Content-Security-Policy"]');
  const loosen = more =>
    (policy.content = `default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; ${more ?? ''}`);
  const add = (name, text, where = document.body) =>
    where.appendChild(Object.assign(document.createElement(name), { textContent: text }));
  const style = text => (loosen(), add('style', text, document.head));
  const script = text => (loosen(), add('script', text));
  spoil({ all, one, policy, loosen, add, style, script });
  return `<!doctype html>\n${document.documentElement.outerHTML}`;
}
