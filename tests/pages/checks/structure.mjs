// The page's bones: what a screen reader's user steers by, and the parts that the design promises.

import { RUN_ID, SCOPE, promised } from '../contract.mjs';

export async function structure(subject) {
  const complaints = [];
  const { sections } = promised(subject.name);
  for (const script of [true, false]) {
    const found = await subject.open({ script }, ({ page }) => page.evaluate(bones, sections));
    complaints.push(...found.filter(complaint => !complaints.includes(complaint)));
  }
  const said = await subject.open({}, ({ page }) => page.evaluate(() => document.body.innerText));
  if (!said.includes(SCOPE)) complaints.push('the scope sentence is not on the page');
  if (!RUN_ID.test(said)) complaints.push("no run's id is on the page");
  return complaints;
}

/** In the page: everything that can be said of its tree alone. */
function bones(sections) {
  const complaints = [];
  const complain = (wrong, what) => wrong && complaints.push(what);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const text = it => it?.textContent.trim() ?? '';

  complain(!document.doctype, 'no doctype');
  complain(
    document.characterSet !== 'UTF-8' || !document.querySelector('meta[charset]'),
    'no charset of UTF-8',
  );
  complain(!document.documentElement.lang, 'no language');
  complain(!document.title.trim(), 'no title');
  complain(!document.querySelector('meta[name=viewport]'), 'no viewport');
  complain(all('main').length !== 1, 'not one <main>');
  complain(all('nav').length === 0, 'no <nav>');
  for (const nav of all('nav')) {
    complain(!nav.ariaLabel && !nav.hasAttribute('aria-labelledby'), 'a <nav> has no label');
  }

  const headings = all('h1, h2, h3, h4, h5, h6').map(it => ({
    level: Number(it.localName[1]),
    text: text(it),
  }));
  complain(headings.filter(({ level }) => level === 1).length !== 1, 'not one <h1>');
  complain(headings[0]?.level !== 1, 'the first heading is no <h1>');
  headings.forEach(({ level, text }, at) => {
    complain(at > 0 && level > headings[at - 1].level + 1, `a level is skipped before the heading "${text}"`);
    complain(!text, `a heading <h${level}> is empty`);
  });

  const there = all('main section[id]')
    .map(it => it.id)
    .filter(id => sections.includes(id));
  complain(there.join() !== sections.join(), `the sections are not those promised: ${there.join(' ')}`);
  for (const id of there) {
    const section = document.getElementById(id);
    const first = section.querySelector('h1, h2, h3, h4, h5, h6');
    complain(first?.localName !== 'h2', `#${id} does not begin with an <h2>`);
    complain(!section.checkVisibility(), `#${id} cannot be seen`);
    complain(!document.querySelector(`nav a[href="#${id}"]`), `the <nav> has no link to #${id}`);
  }

  for (const table of all('table')) {
    const name = text(table.caption) || `of #${table.closest('section')?.id}`;
    complain(!text(table.caption), `the table ${name} has no caption`);
    complain(all('th', table).length === 0, `the table ${name} has no <th>`);
    for (const th of all('th', table)) {
      const scope = th.getAttribute('scope');
      complain(
        !['col', 'row', 'colgroup', 'rowgroup'].includes(scope),
        `the table ${name}: <th>${text(th)} has no scope`,
      );
    }
  }
  for (const svg of all('svg')) {
    const at = svg.closest('section')?.id;
    const named = svg.ariaLabel || svg.hasAttribute('aria-labelledby') || text(svg.querySelector('title'));
    const beside = svg.ariaHidden === 'true' && svg.closest('section')?.querySelector('table');
    complain(
      !beside && !(svg.getAttribute('role') === 'img' && named),
      `an <svg> in #${at} says nothing to who cannot see it`,
    );
  }
  for (const details of all('details')) {
    complain(
      details.firstElementChild?.localName !== 'summary',
      'a <details> does not begin with a <summary>',
    );
    complain(!text(details.querySelector('summary')), 'a <summary> is empty');
  }
  complain(!document.querySelector('p.band')?.checkVisibility(), 'no band says that the run was simulated');
  return complaints;
}
