// Every link leads somewhere: inside the page to a target that comes into view, outside only as a plain
// link that tells nobody where the reader came from, and nothing is loaded from anywhere.

import { sample, setDetails, until } from '../browser.mjs';

/** The pages of accounts or units, which lie side by side. */
const BESIDE = /^(index|\d{12}|(ou|r)-[a-z0-9-]+)\.html$/;
/** Clicked of those inside the page; all of them are looked up. */
const CLICKS = 60;
/** Of what does not lead anywhere; each of these waits its time out. */
const ENOUGH = 2;

export async function links(subject) {
  return [
    ...(await subject.open({}, ({ page }) => page.evaluate(addresses, BESIDE.source))),
    ...(await subject.open({}, clicks)),
    ...(await subject.open({ script: false, width: 375 }, clicks)),
  ];
}

/** In the page: what its addresses and ids have wrong. */
function addresses(beside) {
  const complaints = [];
  const isBeside = to => new RegExp(beside).test(to);
  const seen = new Set();
  for (const { id } of document.querySelectorAll('[id]')) {
    if (seen.has(id)) complaints.push(`the id ${id} is there twice`);
    seen.add(id);
  }
  for (const link of document.querySelectorAll('[href]')) {
    const to = link.getAttribute('href');
    if (to.startsWith('#')) {
      if (!seen.has(decodeURIComponent(to.slice(1)))) complaints.push(`${to} leads nowhere`);
    } else if (link.localName !== 'a' || !(to.startsWith('https://') || isBeside(to))) {
      complaints.push(`<${link.localName}> has an address that is no plain link: ${to}`);
    } else if (!link.relList.contains('noreferrer')) {
      complaints.push(`${to} is not rel=noreferrer`);
    }
  }
  const loads =
    '[src], [srcset], [data], [poster], [background], [ping], [action], [formaction], meta[http-equiv=refresh i]';
  for (const it of document.querySelectorAll(loads))
    complaints.push(`loads or leaves: ${it.cloneNode().outerHTML}`);
  for (const { textContent } of document.querySelectorAll('style')) {
    if (/@import|url\(/i.test(textContent)) complaints.push('a style loads something: @import or url()');
  }
  return complaints;
}

async function clicks({ page }) {
  const complaints = [];
  const all = await page.evaluate(() =>
    [...document.querySelectorAll('a[href^="#"]')].map(it => it.getAttribute('href')),
  );
  for (const to of sample([...new Set(all)], CLICKS)) {
    if (complaints.length >= ENOUGH) break;
    await setDetails(page, false);
    await page.evaluate(reveal, to);
    const link = page.locator(`a[href=${JSON.stringify(to)}]:visible`);
    // On a later page of its group: its reader has it only there, and the filters' check goes there.
    if ((await link.count()) === 0) continue;
    const clicked = await link
      .first()
      .click()
      .then(
        () => true,
        () => false,
      );
    if (!clicked) complaints.push(`the link to ${to} cannot be clicked`);
    else if (!(await until(() => page.evaluate(inView, to))))
      complaints.push(`${to} is not in view after a click on its link`);
  }
  return complaints;
}

/** In the page: opens what the first link to `to` is in, as its reader has; a skip link shows with the focus. */
function reveal(to) {
  const link = [...document.links].find(it => it.getAttribute('href') === to);
  for (let at = link.closest('details'); at; at = at.parentElement.closest('details')) at.open = true;
  link.focus();
}

/** In the page: whether the beginning of the target can be seen, and is not behind something else. */
function inView(to) {
  const target = document.getElementById(decodeURIComponent(to.slice(1)));
  if (!target?.checkVisibility()) return false;
  const begins = target.querySelector('h1, h2, h3, summary, caption') ?? target;
  const box = begins.getBoundingClientRect();
  // A browser scrolls by whole pixels; of what is taller than the screen, its top can be asked for.
  if (box.top < -1 || box.top + Math.min(box.height, innerHeight) > innerHeight + 1) return false;
  const on = document.elementFromPoint(
    box.left + Math.min(box.width / 2, 20),
    Math.max(box.top, 0) + Math.min(box.height / 2, 10),
  );
  return on !== null && (begins.contains(on) || on.contains(begins));
}
