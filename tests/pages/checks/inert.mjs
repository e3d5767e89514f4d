// Somebody else's names stay text: they bring no element, no attribute and no script into the page, and
// they are there to be read. A page of hostile names says which in a JSON list beside it.

import { existsSync, readFileSync } from 'node:fs';
import { ELEMENTS, HOSTILE } from '../contract.mjs';
import { setDetails } from '../browser.mjs';

export async function inert(subject) {
  const complaints = [];
  for (const script of [true, false]) {
    await subject.open({ script }, async ({ page, events }) => {
      await setDetails(page, true);
      complaints.push(...(await page.evaluate(strangers, [...ELEMENTS])));
      if (HOSTILE.test(subject.name)) complaints.push(...(await unread(page, subject)));
      if (script) await stir(page);
      complaints.push(
        ...(await page.evaluate(strangers, [...ELEMENTS])),
        ...events.filter(event => event.startsWith('dialog')),
      );
    });
  }
  return [...new Set(complaints)];
}

/** In the page: what no page of ours has. */
function strangers(known) {
  const complaints = [];
  const scripts = [...document.querySelectorAll('script')].filter(
    it => !it.type || it.type === 'text/javascript' || it.type === 'module',
  );
  if (scripts.length > 1) complaints.push(`${scripts.length} scripts`);
  if (document.querySelectorAll('form').length > 1) complaints.push('a second form');
  if ('__owned' in window) complaints.push('a name ran as script');
  for (const it of document.querySelectorAll('*')) {
    if (!known.includes(it.localName)) complaints.push(`an element of no page: <${it.localName}>`);
    for (const { name } of it.attributes) {
      if (/^on|^(srcdoc|srcset|formaction|ping)$/i.test(name))
        complaints.push(`<${it.localName}> has ${name}`);
    }
  }
  // Marks that turn the direction of text reach past the name that holds them, unless it is set apart.
  const turning = /[\u202a-\u202e\u2066-\u2069\u200e\u200f]/;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { data, parentElement } = walker.currentNode;
    if (!turning.test(data)) continue;
    const isolates = it => /isolate/.test(getComputedStyle(it).unicodeBidi);
    let apart = parentElement;
    while (apart !== document.body && !isolates(apart)) apart = apart.parentElement;
    const own = ['SCRIPT', 'STYLE', 'OPTION'].includes(parentElement.nodeName);
    if (!own && apart.textContent.trim() !== data.trim())
      complaints.push(`a direction mark that turns its neighbours: ${JSON.stringify(data.slice(0, 60))}`);
  }
  return complaints;
}

/** The hostile texts that nobody can read on the page. */
async function unread(page, { file }) {
  const list = file.replace(/\.html$/, '.json');
  if (!existsSync(list)) return ['no list of hostile texts beside it'];
  const texts = JSON.parse(readFileSync(list, 'utf8'));
  if (texts.length === 0) return ['the list of hostile texts is empty'];
  const said = await page.evaluate(
    () => document.body.innerText + [...document.querySelectorAll('option')].map(it => it.text).join('\n'),
  );
  return texts
    .filter(text => !said.includes(text))
    .map(text => `not to be read on the page: ${JSON.stringify(text)}`);
}

/** Has the script touch every row and every option once. */
async function stir(page) {
  if (!(await page.locator('#filter').isVisible())) return;
  await page.locator('#filter input[name=text]').fill('<');
  await page
    .locator('#filter select[name=account] option')
    .last()
    .evaluate(option => {
      option.selected = true;
      option.parentElement.dispatchEvent(new Event('change', { bubbles: true }));
    });
  await page.locator('#filter button[type=reset]').click();
}
