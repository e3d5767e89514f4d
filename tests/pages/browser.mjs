// The browser, and a tab in it that talks to nobody: one page from the disk, everything else refused.
//
// Script is switched off in the tab and not in its context, because a tab whose script is off can be
// woken after the page has been read: the page's own script has not run by then and never will, while
// axe-core, which needs timers, can.

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const tools = createRequire(`${process.env.ATREST_PAGES_TOOLS}/`);
const { chromium } = tools('playwright-core');
const AXE = readFileSync(tools.resolve('axe-core/axe.min.js'), 'utf8');

/** As root in a container, and without the calls that a browser makes on its own. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** No click waits so long on a page that is as it should be, and no page takes so long to open. */
const BOUND = { action: 10_000, open: 120_000 };

/** Starts the browser; its profile is a fresh one, and goes with it. */
export function launch() {
  return chromium.launch({ executablePath: process.env.ATREST_CHROMIUM, headless: true, args: FLAGS });
}

/** A page's file, and the browser to look at it with. */
export class Subject {
  constructor(browser, file, name) {
    Object.assign(this, { browser, file, name, url: pathToFileURL(file).href });
  }

  /** Opens the page as `wanted`, hands the tab to `use`, and closes it whatever happens. */
  async open(wanted, use) {
    const { script = true, scheme = 'light', width = 1280, height = 900 } = wanted;
    const context = await this.browser.newContext({
      viewport: { width, height },
      colorScheme: scheme,
      reducedMotion: 'reduce',
      offline: true,
    });
    try {
      return await use(await this.tab(context, script));
    } finally {
      await context.close();
    }
  }

  async tab(context, script) {
    const page = await context.newPage();
    page.setDefaultTimeout(BOUND.action);
    page.setDefaultNavigationTimeout(BOUND.open);
    const events = watch(page);
    await refuse(context, this.url, events);
    const session = await context.newCDPSession(page);
    const switched = value => session.send('Emulation.setScriptExecutionDisabled', { value });
    if (!script) await switched(true);
    await page.goto(this.url);
    return { page, events, script, wake: () => switched(false) };
  }
}

/** Everything that a page that keeps quiet does not do, as it happens. */
function watch(page) {
  const events = [];
  const said = what => value => events.push(`${what}: ${value}`);
  page.on('console', message => said(`console ${message.type()}`)(message.text()));
  page.on('pageerror', error => said('error')(error.message));
  page.on('crash', () => said('crash')('the tab'));
  page.on('popup', popup => said('window')(popup.url()));
  page.on('download', download => said('download')(download.url()));
  page.on('worker', worker => said('worker')(worker.url()));
  page.on('dialog', dialog => {
    said('dialog')(dialog.message());
    return dialog.dismiss();
  });
  return events;
}

/** Lets nothing through but the file itself. */
async function refuse(context, url, events) {
  await context.route('**/*', route => {
    const asked = route.request().url();
    if (asked.split('#')[0] === url) return route.continue();
    events.push(`request: ${asked}`);
    return route.abort();
  });
}

/** Opens or closes every `<details>`, as a reader would one by one. */
export function setDetails(page, open) {
  return page.evaluate(open => document.querySelectorAll('details').forEach(it => (it.open = open)), open);
}

/** What axe-core finds wrong, rule by rule; by all of its rules where none are named. */
export async function axe(tab, rules) {
  await tab.wake();
  await tab.page.evaluate(AXE);
  return tab.page.evaluate(async rules => {
    const wanted = { resultTypes: ['violations'], preload: false, ...(rules && { runOnly: rules }) };
    const found = await globalThis.axe.run(document, wanted);
    const shown = ({ id, impact, help, nodes }) => ({
      id,
      impact,
      help,
      count: nodes.length,
      first: nodes[0].html,
    });
    return found.violations.map(shown);
  }, rules);
}

/** What an error says, without the log of a driver that waited. */
export function firstLine(error) {
  return String(error.message).split('\n', 1)[0];
}

/** Waits until `holds` says so, or five seconds have passed; the last word either way. */
export async function until(holds) {
  const deadline = Date.now() + 5_000;
  for (;;) {
    const held = await holds();
    if (held || Date.now() > deadline) return held;
    await new Promise(wake => setTimeout(wake, 20));
  }
}

/** At most so many of a list, from all over it. */
export function sample(list, most) {
  if (list.length <= most) return list;
  return Array.from({ length: most }, (_, at) => list[Math.floor((at * list.length) / most)]);
}
