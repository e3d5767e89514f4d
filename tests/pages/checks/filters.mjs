// The findings' filters show what they say: exactly the rows that match, counted, page by page.
//
// What should be shown is worked out here from the page as it is without script, where every row stands
// in the tree; what is shown is asked of the layout. So it does not matter how the script hides a row.

import { ROWS_AT_A_TIME, SELECTS } from '../contract.mjs';
import { firstLine, sample, setDetails, until } from '../browser.mjs';

/** Values tried of one select, and combinations of two. */
const VALUES = 40;
const PAIRS = 40;
/** Findings whose own address is gone to. */
const ADDRESSES = 12;
/** Thrown where enough is wrong. */
const ENOUGH = new Error('enough');
/** Words of no row. */
const NOTHING = 'no finding has these words';

export async function filters(subject) {
  const [rows, groups] = await subject.open({ script: false }, async ({ page }) => [
    await page.evaluate(all),
    await page.evaluate(counted),
  ]);
  return subject.open({}, async ({ page }) => {
    if (rows.length === 0) return [];
    if (!(await page.locator('#filter').isVisible())) return ['the filters are not shown'];
    const desk = new Desk(page, rows, groups);
    await setDetails(page, true);
    await everything(desk).catch(
      error => error === ENOUGH || desk.complaints.push(`broke: ${firstLine(error)}`),
    );
    return desk.complaints;
  });
}

async function everything(desk) {
  await desk.announces();
  await desk.expect('at first', {});
  await everyValue(desk);
  await combinations(desk);
  await words(desk);
  await byHand(desk);
  await nothing(desk);
  await pages(desk);
  await addresses(desk);
  if (desk.said.size < 3)
    desk.complain(`#shown says the same whatever is chosen: ${[...desk.said].join(' | ')}`);
}

/** What is chosen is in the address, and what is in the address is chosen; a finding's own address shows it. */
async function addresses(desk) {
  const { page, rows } = desk;
  const forgotten = () => until(async () => !(await hash(page)).includes('?'));
  await desk.reset();
  if (!(await forgotten())) desk.complain(`the reset leaves ${await hash(page)} in the address`);
  const { severity, account, text } = rows.at(-1);
  const wanted = { severity, account, text: longest(text) };
  await desk.set(wanted);
  const written = async () => {
    const chosen = new URLSearchParams((await hash(page)).split('?')[1]);
    return Object.entries(wanted).every(([name, value]) => chosen.get(name) === value);
  };
  if (!(await until(written))) desk.complain('what is chosen does not stand in the address');
  const address = await hash(page);
  await desk.reset();
  await forgotten();
  await page.evaluate(to => (location.hash = to), address);
  await desk.expect(`by the address ${address}`, wanted);
  for (const row of sample(rows, ADDRESSES)) {
    await page.evaluate(to => (location.hash = to), `#${row.id}`);
    const seen = () =>
      page.evaluate(id => {
        const row = document.getElementById(id);
        const box = row?.getBoundingClientRect();
        return !!row?.checkVisibility() && box.bottom > 0 && box.top < innerHeight;
      }, row.id);
    if (!(await until(seen))) desk.complain(`#${row.id} does not show its finding`);
  }
  await desk.reset();
}

function hash(page) {
  return page.evaluate(() => location.hash);
}

/** In the page, without script: every finding with what it can be filtered by. */
function all() {
  return [...document.querySelectorAll('#findings details.group')].flatMap((group, at) =>
    [...group.querySelectorAll('tbody tr')].map(row => ({
      group: at,
      verdict: group.dataset.verdict,
      severity: group.dataset.severity,
      check: group.dataset.check,
      account: row.dataset.account,
      id: row.id,
      text: [...row.cells].map(cell => cell.textContent.replace(/\s+/g, ' ').trim()).join(' '),
    })),
  );
}

/** In the page, without script: what each group says that the lake has of it, and of each account. */
function counted() {
  const accounts = [...document.querySelectorAll('#filter select[name=account] option')]
    .map(it => it.value)
    .filter(Boolean);
  return [...document.querySelectorAll('#findings details.group')].map(({ dataset }) => ({
    ...dataset,
    count: Number(dataset.count),
    accounts: Object.fromEntries(
      dataset.accounts
        .split(' ')
        .filter(Boolean)
        .map(pair => pair.split(':'))
        .map(([at, count]) => [accounts[at], Number(count)]),
    ),
  }));
}

/** In the page: the rows that can be seen, group by group, and what is said of them. */
function shown() {
  const groups = [...document.querySelectorAll('#findings details.group')];
  const visible = groups.flatMap((group, at) =>
    [...group.querySelectorAll('tbody tr')]
      .filter(row => row.checkVisibility())
      .map(
        row => `${at} ${[...row.cells].map(cell => cell.textContent.replace(/\s+/g, ' ').trim()).join(' ')}`,
      ),
  );
  const state = document.querySelector('#shown')?.textContent.trim() ?? '';
  const count = /^none\b/i.test(state) ? 0 : Number(/\d[\d,  ]*/.exec(state)?.[0].replace(/\D/g, ''));
  const empty = groups.filter(
    it => it.checkVisibility() && !it.querySelector('tbody tr:not([hidden])'),
  ).length;
  // How many the lake has: what is on the page, where that is said to be all of them.
  const lake = /all on this page/.test(state) ? count : Number(/ of the (\d+)/.exec(state)?.[1]);
  return { visible, state, count, empty, lake };
}

/** In the page: changes in the form what is to be otherwise, with the events that a browser sends. */
function fill(wanted) {
  for (const control of document.querySelectorAll('#filter select, #filter input')) {
    const value = wanted[control.name] ?? '';
    if (control.value === value) continue;
    control.value = value;
    for (const event of ['input', 'change']) control.dispatchEvent(new Event(event, { bubbles: true }));
  }
}

/** The form as a reader has it, and what came of it. */
class Desk {
  constructor(page, rows, groups) {
    Object.assign(this, { page, rows, groups, complaints: [], said: new Set() });
  }

  /** How many of the lake's findings the choices mean; words are looked for on the page alone. */
  ofLake(wanted) {
    const fits = this.groups.filter(it =>
      ['verdict', 'severity', 'check'].every(name => !wanted[name] || it[name] === wanted[name]),
    );
    return fits.reduce(
      (sum, it) => sum + (wanted.account ? (it.accounts[wanted.account] ?? 0) : it.count),
      0,
    );
  }

  matching(wanted) {
    const words = wanted.text?.toLowerCase();
    return this.rows.filter(
      row =>
        SELECTS.every(it => !wanted[it] || row[it] === wanted[it]) &&
        (!words || row.text.toLowerCase().includes(words)),
    );
  }

  set(wanted) {
    return this.page.evaluate(fill, wanted);
  }

  /** The first page of each group, as `shown` spells it. */
  expected(wanted) {
    const taken = new Map();
    return this.matching(wanted).flatMap(({ group, text }) => {
      const before = taken.get(group) ?? 0;
      taken.set(group, before + 1);
      return before < ROWS_AT_A_TIME ? [`${group} ${text}`] : [];
    });
  }

  /** Asserts that what is shown is what matches. */
  async expect(when, wanted) {
    const [count, visible] = [this.matching(wanted).length, this.expected(wanted)];
    let last;
    const holds = async () => {
      last = await this.page.evaluate(shown);
      const lake = wanted.text || count === 0 ? last.lake : this.ofLake(wanted);
      return last.count === count && Object.is(last.lake, lake) && last.visible.join('\n') === visible.join('\n');
    };
    const held = await until(holds);
    this.said.add(last.state);
    if (held && last.empty === 0) return;
    const rows = `${last.visible.length} rows seen of ${visible.length}, "${last.state}" for ${count} and ${this.ofLake(wanted)} in the lake`;
    this.complain(`${when}: ${rows}, ${last.empty} groups of nothing`);
  }

  /** Each of them waits its time out: after a few there is no more to learn. */
  complain(what) {
    this.complaints.push(what);
    if (this.complaints.length >= 4) throw ENOUGH;
  }

  /** The form's own way back to everything. */
  async reset() {
    await this.page.locator('#filter button[type=reset]').click();
    await this.expect('after the reset', {});
  }

  async try(wanted) {
    await this.set(wanted);
    await this.expect(JSON.stringify(wanted), wanted);
  }

  values(name) {
    return this.page
      .locator(`#filter select[name=${name}] option`)
      .evaluateAll(list => list.map(it => it.value).filter(Boolean));
  }

  /** What is announced is there before it changes, and is heard. */
  async announces() {
    const live = await this.page.locator('#shown').evaluate(it => {
      const polite = it.getAttribute('role') === 'status' || ['polite', 'assertive'].includes(it.ariaLive);
      return polite && it.checkVisibility();
    });
    if (!live) this.complain('#shown is no live region that can be seen');
  }
}

/** Each value of each select, and that each value of the rows can be chosen. */
async function everyValue(desk) {
  for (const name of SELECTS) {
    const values = await desk.values(name);
    const missing = [...new Set(desk.rows.map(row => row[name]))].filter(it => !values.includes(it));
    if (missing.length > 0) desk.complain(`${name} cannot be chosen: ${missing.slice(0, 5).join(', ')}`);
    for (const value of sample(values, VALUES)) await desk.try({ [name]: value });
  }
  await desk.reset();
}

/** Two selects at a time, all three, and words with them. */
async function combinations(desk) {
  const [verdicts, severities, checks, accounts] = await Promise.all(SELECTS.map(name => desk.values(name)));
  const cross = (a, b) => a.flatMap(one => b.map(two => [one, two]));
  for (const [severity, check] of sample(cross(severities, checks), PAIRS))
    await desk.try({ severity, check });
  for (const [check, account] of sample(cross(checks, accounts), PAIRS)) await desk.try({ check, account });
  for (const [verdict, severity] of cross(verdicts, severities)) await desk.try({ verdict, severity });
  for (const { verdict, severity, check, account, text } of sample(desk.rows, 10)) {
    await desk.try({ verdict, account });
    await desk.try({ severity, check, account });
    await desk.try({ severity, check, account, text: longest(text) });
    await desk.try({ account, text: longest(text) });
  }
}

/** Words of rows, as they are and in capitals. */
async function words(desk) {
  for (const { text } of sample(desk.rows, 20)) await desk.try({ text: longest(text) });
  for (const { text } of sample(desk.rows, 3)) await desk.try({ text: longest(text).toUpperCase() });
}

/** Once more with the mouse and the keys, letter by letter. */
async function byHand(desk) {
  const { severity, account, text } = desk.rows.at(-1);
  const wanted = { severity, account, text: longest(text) };
  await desk.reset();
  await desk.page.locator('#filter select[name=severity]').selectOption(severity);
  await desk.page.locator('#filter select[name=account]').selectOption(account);
  await desk.page.locator('#filter input[name=text]').pressSequentially(wanted.text);
  await desk.expect(`by hand ${JSON.stringify(wanted)}`, wanted);
}

/** The longest word of a row: it is of the row, and of no heading above it. */
function longest(text) {
  return text.split(' ').reduce((best, word) => (word.length > best.length ? word : best), '');
}

/** Where nothing matches, a sentence says so, and the reset brings everything back. */
async function nothing(desk) {
  await desk.reset();
  const before = await desk.page.locator('#findings').innerText();
  await desk.set({ text: NOTHING });
  const said = async () => {
    const now = await desk.page.locator('#findings').innerText();
    return now.split('\n').some(line => /\b(no|none|nothing)\b/i.test(line) && !before.includes(line));
  };
  if (!(await until(said))) desk.complain('no sentence says that nothing matches');
  await desk.expect('what matches nothing', { text: NOTHING });
  await desk.reset();
  const left = await desk.page.locator('#filter').evaluate(form => [...new FormData(form).values()].join(''));
  if (left !== '') desk.complain(`the reset leaves "${left}" in the form`);
}

/** Each group's pager: none where one page is enough, else from its first page to its last and back. */
async function pages(desk) {
  await desk.reset();
  const groups = new Set(desk.rows.map(row => row.group));
  for (const at of groups) {
    const rows = desk.rows.filter(row => row.group === at).map(row => `${at} ${row.text}`);
    const group = desk.page.locator('#findings details.group').nth(at);
    const shows = await group.locator('.pager').first().isVisible();
    if (shows !== rows.length > ROWS_AT_A_TIME)
      desk.complain(`group ${at} of ${rows.length} rows: pager ${shows}`);
    else if (shows) (await turn(desk.page, group, rows)).forEach(it => desk.complain(`group ${at}: ${it}`));
  }
  await pagesOfWhatMatches(desk, [...groups]);
}

/** A filter chosen on a later page shows its first matches, not an empty later page. */
async function pagesOfWhatMatches(desk, groups) {
  const long = groups.find(at => desk.rows.filter(row => row.group === at).length > ROWS_AT_A_TIME);
  if (long === undefined) return;
  await desk.reset();
  await buttons(desk.page.locator('#findings details.group').nth(long)).next.click();
  const { account } = desk.rows.find(row => row.group === long);
  await desk.page.locator('#filter select[name=account]').selectOption(account);
  await desk.expect(`the account ${account} from the second page of group ${long}`, { account });
}

function buttons(group) {
  const named = name => group.locator('.pager button').filter({ hasText: name });
  return { previous: named(/previous/i), next: named(/next/i) };
}

/** Turns the pages of one group; what is wrong with them. */
async function turn(page, group, rows) {
  const { previous, next } = buttons(group);
  const complaints = [];
  const last = Math.ceil(rows.length / ROWS_AT_A_TIME);
  const usable = async button =>
    (await button.isEnabled()) && (await button.getAttribute('aria-disabled')) !== 'true';
  const prefix = rows[0].split(' ', 1)[0] + ' ';
  const seen = async number => {
    const wanted = rows.slice((number - 1) * ROWS_AT_A_TIME, number * ROWS_AT_A_TIME).join('\n');
    const holds = async () =>
      (await page.evaluate(shown)).visible.filter(it => it.startsWith(prefix)).join('\n') === wanted;
    if (!(await until(holds))) complaints.push(`page ${number} of ${last} does not show its rows`);
  };
  if (await usable(previous)) complaints.push('before the first page is another');
  for (let number = 2; number <= last && complaints.length === 0; number += 1) {
    await next.click();
    await seen(number);
  }
  if (complaints.length > 0) return complaints;
  if (await usable(next)) complaints.push('after the last page is another');
  const focused = await group.evaluate(it => it.contains(document.activeElement));
  if (!focused) complaints.push('on the last page the focus is lost');
  await previous.click();
  await seen(last - 1);
  return complaints;
}
