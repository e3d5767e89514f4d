// Holds every page of a folder to every check, and every check to what it must find: a check that cannot
// fail is worth nothing, so each is shown a page that was spoiled for it (see spoiled.mjs).
//
// Usage: node main.mjs PAGES OUT, from ./run, which says where the tools are.

import { mkdirSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Subject, firstLine, launch, setDetails } from './browser.mjs';
import { CHECKS } from './checks/all.mjs';
import { spoil } from './spoiled.mjs';

const [pages, out] = process.argv.slice(2);
/** Pages looked at side by side. */
const AT_ONCE = 2;
/** The page that is spoiled: it has something of everything. */
const SPOILED = 'changes.html';

const files = readdirSync(pages)
  .filter(it => it.endsWith('.html'))
  .sort();
if (files.length === 0) throw new Error(`no pages in ${pages}`);
mkdirSync(out, { recursive: true });

const browser = await launch();
try {
  const complaints = [];
  const work = files.map(file => () => judge(file));
  await Promise.all(Array.from({ length: AT_ONCE }, () => drain(work, complaints)));
  // Some ninety pages more: asked for where a check is written or changed, and not every time.
  const spoiled = process.env.ATREST_PAGES_SPOILED
    ? await spoil(new Subject(browser, join(pages, SPOILED), 'changes'), out)
    : { count: 0, complaints: [] };
  complaints.push(...spoiled.complaints);
  spoiled.complaints.forEach(complaint => console.log(complaint));
  const checks = Object.keys(CHECKS).length;
  console.log(
    `${files.length} pages, ${checks} checks each, ${spoiled.count} spoiled pages, ${complaints.length} complaints`,
  );
  process.exitCode = complaints.length === 0 ? 0 : 1;
} finally {
  await browser.close();
}

/** Takes from the work until there is none. */
async function drain(work, complaints) {
  for (let next = work.shift(); next; next = work.shift()) complaints.push(...(await next()));
}

/** All checks on one page, and its pictures. */
async function judge(file) {
  const subject = new Subject(browser, join(pages, file), basename(file, '.html'));
  const complaints = [];
  const started = performance.now();
  for (const [name, check] of Object.entries(CHECKS)) {
    const found = await check(subject).catch(error => [`broke: ${firstLine(error)}`]);
    complaints.push(...found.map(complaint => `${file}: ${name}: ${complaint}`));
  }
  await pictures(subject);
  complaints.forEach(complaint => console.log(complaint));
  console.log(
    `${file}: ${complaints.length} complaints, ${Math.round((performance.now() - started) / 1000)} s`,
  );
  return complaints;
}

/** What the page looks like, for people: a laptop by day, at night, and a phone. */
async function pictures(subject) {
  const views = {
    light: {},
    dark: { scheme: 'dark' },
    phone: { width: 375, height: 812 },
    plain: { script: false },
  };
  for (const [name, wanted] of Object.entries(views)) {
    await subject.open(wanted, async ({ page }) => {
      const height = await page.evaluate(() => Math.min(document.documentElement.scrollHeight, 6_000));
      const { width } = page.viewportSize();
      await page.screenshot({
        path: join(out, `${subject.name}-${name}.png`),
        clip: { x: 0, y: 0, width, height },
        fullPage: true,
      });
    });
  }
  await subject.open({}, async ({ page }) => {
    await setDetails(page, true);
    if ((await page.locator('#findings').count()) > 0)
      await page.locator('#findings').scrollIntoViewIfNeeded();
    await page.screenshot({ path: join(out, `${subject.name}-findings.png`) });
  });
}
