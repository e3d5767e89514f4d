// axe-core's rules, contrast of WCAG 2.1 AA among them, in every state that a reader may have the page in.
//
// All of its rules, and any violation: what it calls minor is a fault too, and costs a line to mend. In
// the dark only colours are another thing, and only they are asked again.

import { axe, setDetails } from '../browser.mjs';

/** The rules that look at colours. */
const COLOURS = ['color-contrast', 'link-in-text-block'];

/** What is open shows all that is closed, and more. */
const STATES = [
  { scheme: 'light', script: true, open: true },
  { scheme: 'light', script: true, open: false },
  { scheme: 'light', script: false, open: true },
  { scheme: 'light', script: false, open: false },
  { scheme: 'dark', script: true, open: true, rules: COLOURS },
  { scheme: 'dark', script: false, open: false, rules: COLOURS },
];

export async function accessible(subject) {
  const complaints = new Map();
  for (const { rules, open, ...wanted } of STATES) {
    const { scheme, script } = wanted;
    const state = `${scheme}, script ${script ? 'on' : 'off'}, details ${open ? 'open' : 'closed'}`;
    for (const { id, impact, help, count, first } of await violations(subject, wanted, open, rules)) {
      const what = `${impact}: ${id}: ${help}: ${count} times, first ${first.slice(0, 300)}`;
      complaints.set(id, `${complaints.get(id) ?? what} [${state}]`);
    }
  }
  return [...complaints.values()];
}

function violations(subject, wanted, open, rules) {
  return subject.open(wanted, async tab => {
    await setDetails(tab.page, open);
    return axe(tab, rules);
  });
}
