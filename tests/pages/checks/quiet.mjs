// A page keeps quiet: no message, no error, no request, no window, whatever a reader does with it.
//
// Its policy is part of that: the page forbids itself everything, so that a name that got through as
// markup could still load nothing and run nothing.

import { setDetails } from '../browser.mjs';

export async function quiet(subject) {
  const complaints = await subject.open({}, policy);
  for (const script of [true, false]) {
    await subject.open({ script }, async tab => {
      await handle(tab);
      complaints.push(...tab.events.map(event => `script ${script ? 'on' : 'off'}: ${event}`));
    });
  }
  return complaints;
}

async function policy({ page }) {
  const policy = await page.evaluate(
    () => document.querySelector('head > meta[http-equiv="Content-Security-Policy"]')?.content ?? '',
  );
  const parts = policy.split(';').map(part => part.trim());
  const complaints = [];
  if (!parts.includes("default-src 'none'"))
    complaints.push(`the policy does not begin with nothing: "${policy}"`);
  for (const part of parts.filter(part => part.startsWith('script-src'))) {
    if (/unsafe|\*|https?:|data:|blob:/.test(part))
      complaints.push(`the policy lets other scripts in: "${part}"`);
  }
  return complaints;
}

/** All that can be done to a page without knowing what is in it. */
async function handle({ page, script }) {
  await setDetails(page, true);
  await page.setViewportSize({ width: 400, height: 700 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.emulateMedia({ media: 'print' });
  await page.emulateMedia({ media: 'screen' });
  await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
  for (const button of script ? await page.locator('button:visible').all() : []) {
    if (await button.isEnabled()) await button.click();
  }
  await setDetails(page, false);
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
}
