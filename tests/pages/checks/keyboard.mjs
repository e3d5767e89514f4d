// Whoever has no mouse reaches everything, sees where they are, and gets out again.

import { sample, until } from '../browser.mjs';

/** Opened for the walk with something open, from all over the page. */
const OPENED = 12;

export async function keyboard(subject) {
  const complaints = await subject.open({}, skipLink);
  complaints.push(...(await subject.open({}, summaries)));
  complaints.push(...(await subject.open({}, tab => walk(tab, 0, ['Tab', 'Shift+Tab']))));
  complaints.push(...(await subject.open({}, tab => walk(tab, OPENED, ['Tab']))));
  complaints.push(...(await subject.open({ script: false }, tab => walk(tab, 0, ['Tab']))));
  return [...new Set(complaints)];
}

/** The first stop leads past the navigation. */
async function skipLink({ page }) {
  await page.keyboard.press('Tab');
  const link = await page.evaluate(() => {
    const at = document.activeElement;
    const box = at.getBoundingClientRect();
    const seen =
      box.width > 1 && box.height > 1 && box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight;
    return { to: at.getAttribute('href') ?? '', seen };
  });
  if (!link.to.startsWith('#')) return ['the first stop is no skip link'];
  // A page of two sheets has nothing to stop at.
  const stops = 'a[href], summary, button, select, input, [tabindex="0"]';
  if ((await page.locator('main').locator(stops).count()) === 0) return [];
  const complaints = link.seen ? [] : ['the skip link cannot be seen when it has the focus'];
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  const past = await page.evaluate(to => {
    const [target, at] = [document.querySelector(to), document.activeElement];
    return target?.closest('main') && !at.closest('nav') && document.querySelector('main').contains(at);
  }, link.to);
  return past ? complaints : [...complaints, 'after the skip link the focus is not in the content'];
}

/** A summary opens by Enter and closes by the space bar. */
async function summaries({ page }) {
  const complaints = [];
  const count = await page.locator('summary').count();
  for (const at of sample([...Array(count).keys()], 10)) {
    const summary = page.locator('summary').nth(at);
    if (!(await summary.isVisible())) continue;
    await summary.focus();
    const open = () => summary.evaluate(it => it.parentElement.open);
    const before = await open();
    for (const [key, wanted] of [
      ['Enter', !before],
      ['Space', before],
    ]) {
      await page.keyboard.press(key);
      if (!(await until(async () => (await open()) === wanted)))
        complaints.push(`${key} does nothing on "${await summary.innerText()}"`);
    }
  }
  return complaints;
}

/** From the first stop to the last, or from the last to the first, with some details open. */
async function walk({ page }, open, keys) {
  const details = await page.locator('details').count();
  const opened = new Set(sample([...Array(details).keys()], open));
  await page.evaluate(
    opened => document.querySelectorAll('details').forEach((it, at) => (it.open = opened.includes(at))),
    [...opened],
  );
  const wanted = await page.evaluate(mark);
  const complaints = [];
  // Regions that scroll are stops as well, and so may be more than those that must be.
  const bound = wanted.length * 2 + 20;
  for (const key of keys) {
    const reached = await stops(page, key, bound, complaints);
    if (reached === null) complaints.push(`${key} does not come to an end`);
    const missed = wanted.filter(({ at }) => reached !== null && !reached.has(at));
    complaints.push(...missed.map(({ what }) => `${key} does not reach ${what}`));
  }
  return complaints;
}

/** In the page: numbers what the Tab key should reach. */
function mark() {
  const stops = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';
  const reachable = it => it.checkVisibility({ visibilityProperty: true }) && !it.disabled;
  return [...document.querySelectorAll(stops)].filter(reachable).map((it, at) => {
    globalThis.numbers ??= new Map();
    globalThis.numbers.set(it, at);
    return {
      at,
      what: `<${it.localName}> ${(it.innerText || it.name || it.ariaLabel || '').trim().slice(0, 60)}`,
    };
  });
}

/** Presses the key until the focus has left the page; the numbers that it came by. */
async function stops(page, key, bound, complaints) {
  const reached = new Set();
  for (let pressed = 0; pressed < bound; pressed += 1) {
    await page.keyboard.press(key);
    const stop = await page.evaluate(look);
    if (stop.left) return reached;
    reached.add(stop.at);
    complaints.push(...stop.complaints);
  }
  return null;
}

/** In the page: what has the focus, whether it shows, and whether it stands behind something else. */
function look() {
  const at = document.activeElement;
  const style = it => {
    const { outlineStyle, outlineWidth, outlineColor, boxShadow } = getComputedStyle(it);
    const clear = outlineColor === 'transparent' || outlineColor.endsWith(', 0)');
    return {
      outline:
        outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1 && !clear ? outlineColor + outlineWidth : '',
      boxShadow,
    };
  };
  if (at === document.body || at === document.documentElement || at === null) return { left: true };
  const what = `<${at.localName}> ${(at.innerText || at.name || at.ariaLabel || '').trim().slice(0, 60)}`;
  const complaints = [];
  const [focused, box] = [style(at), at.getBoundingClientRect()];
  at.blur();
  const plain = style(at);
  at.focus({ preventScroll: true, focusVisible: true });
  const shows =
    (focused.outline && focused.outline !== plain.outline) || focused.boxShadow !== plain.boxShadow;
  if (!shows) complaints.push(`nothing shows that ${what} has the focus`);
  if (box.bottom <= 0 || box.top >= innerHeight)
    complaints.push(`${what} has the focus outside of the screen`);
  else {
    const [x, y] = [
      Math.max(box.left, 0) + Math.min(box.width, innerWidth) / 2,
      (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2,
    ];
    const on = document.elementFromPoint(Math.min(x, innerWidth - 1), y);
    const other = on && !at.contains(on) && !on.contains(at) && !on.closest('label')?.contains(at);
    if (other) complaints.push(`${what} has the focus behind <${on.localName}>`);
  }
  return { at: globalThis.numbers.get(at), complaints };
}
