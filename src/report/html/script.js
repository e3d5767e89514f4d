// The page without this is whole: what is here filters, turns pages and copies.
(() => {
  'use strict';
  const PAGE = 25;
  const form = document.getElementById('filter');
  const groups = [...document.querySelectorAll('details.group')].map((element) => {
    const rows = [...element.querySelectorAll('tbody tr')];
    return { element, rows, text: rows.map((row) => row.textContent.toLowerCase()), matching: rows, page: 0 };
  });

  // Only the rows of the page that is open are there; the others wait, hidden.
  const turn = (group) => {
    const pages = Math.max(1, Math.ceil(group.matching.length / PAGE));
    group.page = Math.min(Math.max(group.page, 0), pages - 1);
    const from = group.page * PAGE;
    const open = new Set(group.matching.slice(from, from + PAGE));
    for (const row of group.rows) row.hidden = !open.has(row);
    if (!group.pager) return;
    group.pager.hidden = pages < 2;
    const last = Math.min(from + PAGE, group.matching.length);
    group.place.textContent = `${from + 1} to ${last} of ${group.matching.length}`;
    group.previous.disabled = group.page === 0;
    group.next.disabled = group.page === pages - 1;
  };

  const button = (words, act) => {
    const made = document.createElement('button');
    made.type = 'button';
    made.textContent = words;
    made.addEventListener('click', act);
    return made;
  };

  for (const group of groups) {
    if (group.rows.length <= PAGE) continue;
    const step = (by) => () => { group.page += by; turn(group); };
    group.pager = document.createElement('div');
    group.pager.className = 'pager';
    group.previous = button('Previous', step(-1));
    group.place = document.createElement('span');
    group.place.setAttribute('role', 'status');
    group.next = button('Next', step(1));
    group.pager.append(group.previous, group.place, group.next);
    group.element.querySelector('.scroll').after(group.pager);
  }

  const filter = () => {
    const wanted = Object.fromEntries(new FormData(form));
    const words = wanted.text.trim().toLowerCase();
    const asked = Object.values(wanted).some((value) => value.trim() !== '');
    let shown = 0;
    let all = 0;
    for (const group of groups) {
      const { verdict, check, severity } = group.element.dataset;
      const fits = (!wanted.verdict || wanted.verdict === verdict) && (!wanted.check || wanted.check === check)
        && (!wanted.severity || wanted.severity === severity);
      group.matching = group.rows.filter((row, at) => fits
        && (!wanted.account || row.dataset.account === wanted.account) && group.text[at].includes(words));
      group.page = 0;
      turn(group);
      group.element.hidden = group.matching.length === 0;
      shown += group.matching.length;
      all += group.rows.length;
    }
    const on = `${all} findings on this page`;
    document.getElementById('shown').textContent = !asked ? `${on}.`
      : shown === 0 ? `None of the ${on} matches.` : `${shown} of the ${on} match.`;
  };

  if (form && groups.length > 0) {
    form.hidden = false;
    form.addEventListener('input', filter);
    form.addEventListener('submit', (event) => event.preventDefault());
    form.addEventListener('reset', () => setTimeout(filter));
    filter();
  }

  for (const pre of document.querySelectorAll('.paste pre')) {
    const copy = button('Copy', async () => {
      try {
        await navigator.clipboard.writeText(pre.textContent);
        copy.textContent = 'Copied';
      } catch {
        getSelection().selectAllChildren(pre);
        copy.textContent = 'Selected';
      }
    });
    copy.className = 'copy';
    pre.before(copy);
  }

  // A link into what is closed opens it.
  const reveal = () => {
    const target = document.getElementById(location.hash.slice(1));
    const hidden = form && target && target.closest('[hidden]');
    if (hidden) { form.reset(); filter(); }
    for (let at = target; at; at = at.parentElement) if (at.tagName === 'DETAILS') at.open = true;
    if (hidden) target.scrollIntoView();
  };
  addEventListener('hashchange', reveal);
  reveal();
})();
