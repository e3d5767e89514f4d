// A phone shows the page without a sideways scroll; what is wider scrolls in a region of its own, which
// the keyboard reaches and a screen reader names. Nothing is cut off.

import { setDetails } from '../browser.mjs';

/** A phone's widths, a tablet's, a laptop's; without script the rows that it would hide are there too. */
const SCREENS = [320, 375, 768, 1280].map(width => ({ script: true, width }));
SCREENS.push({ script: false, width: 320 });

export async function narrow(subject) {
  const complaints = [];
  for (const { script, width } of SCREENS) {
    const found = await subject.open({ script, width, height: 720 }, async ({ page }) => {
      const closed = await page.evaluate(tooWide);
      await setDetails(page, true);
      return [...closed, ...(await page.evaluate(tooWide))];
    });
    complaints.push(...new Set(found.map(complaint => `${width} px: ${complaint}`)));
  }
  return [...new Set(complaints)];
}

/** In the page: what does not fit. */
function tooWide() {
  const complaints = [];
  const shown = it => `<${it.localName}> ${it.className || it.id || ''} in #${it.closest('section')?.id}`;
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth) {
    const wide = [...document.querySelectorAll('main *')].find(
      it => it.getBoundingClientRect().right > innerWidth + 1,
    );
    complaints.push(`the page is ${root.scrollWidth} px wide${wide ? `, by ${shown(wide)}` : ''}`);
  }
  for (const it of document.querySelectorAll('body *')) {
    if (it.scrollWidth <= it.clientWidth + 1 || it.clientWidth <= 1 || !it.checkVisibility()) continue;
    const { overflowX } = getComputedStyle(it);
    if (overflowX === 'hidden' || overflowX === 'clip') complaints.push(`${shown(it)} is cut off`);
    if (overflowX !== 'auto' && overflowX !== 'scroll') continue;
    const named = it.ariaLabel || it.hasAttribute('aria-labelledby');
    if (it.tabIndex !== 0 || !['region', 'group'].includes(it.getAttribute('role')) || !named)
      complaints.push(`${shown(it)} scrolls, and is no named region that the keyboard reaches`);
  }
  return complaints;
}
