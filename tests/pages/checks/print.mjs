// Printed, the page is a document: light whatever the screen is, whole, with what matters opened, and with
// the two lines that tell what was judged and which run it was.

import { execFileSync } from 'node:child_process';
import { RUN_ID, SCOPE, SHEETS } from '../contract.mjs';

/** The width of A4 between its margins. */
const PAPER = 717;
/** Rows of the first group whose text is looked for. */
const ROWS = 5;

export async function print(subject) {
  const complaints = [];
  for (const script of [true, false]) {
    const found = await subject.open({ script, scheme: 'dark', width: PAPER }, async ({ page }) => {
      return [...(await written(page, subject.name)), ...(await looks(page))];
    });
    complaints.push(...found.map(complaint => `script ${script ? 'on' : 'off'}: ${complaint}`));
  }
  return complaints;
}

/** What the PDF says, without what a line's end does to words. */
async function written(page, name) {
  const wanted = await page.evaluate(firstGroup, ROWS);
  const said = await page.evaluate(ownRun);
  const run = RUN_ID.exec(said ?? (await page.locator('body').innerText()))?.[0] ?? 'no run id on the page';
  const pdf = await page.pdf({ preferCSSPageSize: true });
  const text = execFileSync('pdftotext', ['-raw', '-', '-'], {
    input: pdf,
    maxBuffer: 1 << 28,
    encoding: 'utf8',
  });
  const plain = words => words.replace(/[\s\u00ad\u2010-]+/g, '');
  const printed = plain(text);
  // Text that is turned around is written turned around.
  const straight = words => !/[\u202a-\u202e\u2066-\u2069]/.test(words);
  const missing = [SCOPE, run, ...wanted.filter(straight)].filter(words => !printed.includes(plain(words)));
  return [
    ...missing.map(words => `the PDF does not say "${words}"`),
    ...sheets(text.split('\f').slice(0, -1), run, name),
  ];
}

/** In the page: the run that it is of; one that was judged again names the run that was observed, too. */
function ownRun() {
  const heads = [...document.querySelectorAll('#run dt')];
  return heads.find(it => it.textContent === 'Run')?.nextElementSibling.textContent;
}

/** What each sheet says at its foot: which run it is of, and which sheet it is. */
function sheets(pages, run, name) {
  const complaints = [];
  const wrong = pages.findIndex(
    (page, at) => !page.includes(`run ${run}`) || !page.includes(`page ${at + 1} of ${pages.length}`),
  );
  if (wrong >= 0) complaints.push(`sheet ${wrong + 1} of ${pages.length} does not say its run and number`);
  if (name.startsWith('summary') && pages.length > SHEETS)
    complaints.push(`${pages.length} sheets, more than ${SHEETS}`);
  return complaints;
}

/** In the page: the cells of the first findings, everything closed as a reader may leave it. */
function firstGroup(most) {
  document.querySelectorAll('details').forEach(it => (it.open = false));
  const rows = [...(document.querySelector('#findings details.group')?.querySelectorAll('tbody tr') ?? [])];
  return rows
    .slice(0, most)
    .flatMap(row => [...row.cells].map(cell => cell.textContent.replace(/\s+/g, ' ').trim()))
    .filter(Boolean);
}

async function looks(page) {
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  return page.evaluate(paper);
}

/** In the page, as printed: whether it is dark on light, and fits the paper. */
function paper() {
  const complaints = [];
  const canvas = new OffscreenCanvas(1, 1).getContext('2d');
  const light = (colour, on) => {
    canvas.fillStyle = on;
    canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
  };
  const style = it => getComputedStyle(it);
  const [root, body] = [document.documentElement, document.body];
  const dark = style(root).colorScheme.includes('dark') && !style(root).colorScheme.includes('light');
  if (
    dark ||
    light(style(body).backgroundColor, '#fff') < 0.9 ||
    light(style(root).backgroundColor, '#fff') < 0.9
  )
    complaints.push('it prints on a dark ground');
  for (const it of document.querySelectorAll('h1, h2, p, td, th, dd')) {
    if (!it.checkVisibility() || it.closest('.band')) continue;
    if (light(style(it).color, '#fff') > 0.6) complaints.push(`<${it.localName}> prints in a light colour`);
  }
  const ends = it => (it.checkVisibility() ? it.getBoundingClientRect().right : 0);
  if (root.scrollWidth > innerWidth) {
    const widest = [...document.querySelectorAll('main *')].reduce((a, b) => (ends(b) > ends(a) ? b : a));
    const where = `<${widest.localName}> in #${widest.closest('section')?.id}`;
    complaints.push(`it is ${root.scrollWidth} px wide on paper of ${innerWidth}, by ${where}`);
  }
  for (const it of document.querySelectorAll('main *')) {
    const cut =
      it.scrollWidth > it.clientWidth + 1 && it.clientWidth > 1 && style(it).overflowX !== 'visible';
    if (cut && it.checkVisibility()) complaints.push(`<${it.localName}> ${it.className} is cut off on paper`);
  }
  return [...new Set(complaints)];
}
