// Without script the page is whole: what the first screen says, every section, every row, and nothing to
// press that would do nothing.

import { promised } from '../contract.mjs';
import { sample } from '../browser.mjs';

/** Clicked of the `<details>`, from all over the page. */
const CLICKS = 80;

export async function scriptOff(subject) {
  const { first, sections } = promised(subject.name);
  const withScript = await subject.open({}, ({ page }) => page.evaluate(words, first));
  return subject.open({ script: false }, async ({ page }) => {
    const complaints = [];
    const without = await page.evaluate(words, first);
    for (const id of first) {
      if (withScript[id] !== without[id]) complaints.push(`#${id} says another thing without script`);
    }
    complaints.push(...(await opened(page)), ...(await page.evaluate(idle, sections)));
    return complaints;
  });
}

/** In the page: what the sections say. */
function words(sections) {
  const said = id => document.getElementById(id)?.innerText.replace(/\s+/g, ' ').trim() ?? 'nothing';
  return Object.fromEntries(sections.map(id => [id, said(id)]));
}

/** Opens the `<details>` with the mouse, the outer ones first; the rest by hand, for what is asked next. */
async function opened(page) {
  const complaints = [];
  const count = await page.locator('details').count();
  for (const at of sample([...Array(count).keys()], CLICKS)) {
    const details = page.locator('details').nth(at);
    const summary = details.locator('> summary');
    if (await details.evaluate(it => it.open || it.parentElement.closest('details:not([open])'))) continue;
    const clicked = await summary.click().then(
      () => true,
      () => false,
    );
    if (!clicked || !(await details.evaluate(it => it.open)))
      complaints.push(`"${await summary.innerText()}" does not open without script`);
  }
  await page.evaluate(() => document.querySelectorAll('details').forEach(it => (it.open = true)));
  return complaints;
}

/** In the page, everything open: sections that are not there, rows that nobody can reach, idle controls. */
function idle(sections) {
  const complaints = [];
  for (const id of sections) {
    const section = document.getElementById(id);
    if (!section?.checkVisibility() || !section.innerText.trim())
      complaints.push(`#${id} says nothing without script`);
  }
  for (const it of document.querySelectorAll(
    'button, input, select, textarea, output, .pager, [role=button], [onclick]',
  )) {
    if (it.checkVisibility())
      complaints.push(`without script it does nothing, and is there: ${it.cloneNode().outerHTML}`);
  }
  for (const details of document.querySelectorAll('details')) {
    const content = [...details.children].slice(1);
    if (!content.some(it => it.checkVisibility()))
      complaints.push(`"${details.firstElementChild?.innerText}" opens on nothing`);
  }
  const lost = [...document.querySelectorAll('#findings tbody tr')].filter(
    it => !it.checkVisibility(),
  ).length;
  if (lost > 0) complaints.push(`${lost} findings cannot be seen without script`);
  return complaints;
}
