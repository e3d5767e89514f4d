// axe-core's rules, contrast of WCAG 2.1 AA among them, in every state that a reader may have the page in.
//
// All of its rules, and any violation: what it calls minor is a fault too, and costs a line to mend.

import { axe, setDetails } from '../browser.mjs';

export async function accessible(subject) {
  const complaints = new Map();
  for (const scheme of ['light', 'dark']) {
    for (const script of [true, false]) {
      for (const open of [false, true]) {
        const state = `${scheme}, script ${script ? 'on' : 'off'}, details ${open ? 'open' : 'closed'}`;
        for (const { id, impact, help, count, first } of await state_of(subject, { scheme, script }, open)) {
          const said =
            complaints.get(id) ?? `${impact}: ${id}: ${help}: ${count} times, first ${first.slice(0, 300)}`;
          complaints.set(id, `${said} [${state}]`);
        }
      }
    }
  }
  return [...complaints.values()];
}

function state_of(subject, wanted, open) {
  return subject.open(wanted, async tab => {
    await setDetails(tab.page, open);
    return axe(tab);
  });
}
