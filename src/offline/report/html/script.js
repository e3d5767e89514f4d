// The page without this is whole: what is here filters, turns pages and copies.
(() => {
  'use strict';
  const PAGE = 25;
  const form = document.getElementById('filter');
  const groups = [...document.querySelectorAll('details.group')].map((element) => {
    const rows = [...element.querySelectorAll('tbody tr')];
    const counts = element.dataset.accounts.split(' ').filter(Boolean).map((pair) => pair.split(':').map(Number));
    return { element, rows, all: Number(element.dataset.count), counts: new Map(counts), text: rows.map((row) => row.textContent.toLowerCase()), matching: rows, page: 0 };
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
    // Not `disabled`, which would take the focus from who turns by keyboard.
    group.previous.setAttribute('aria-disabled', group.page === 0);
    group.next.setAttribute('aria-disabled', group.page === pages - 1);
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

  const rest = document.querySelector('#rest code');
  const query = rest && rest.textContent;
  const literal = (text) => `'${text.replaceAll("'", "''")}'`;
  const BY_NAME = 'by-name?';

  // The query beside the rows: what it asks for is what is chosen.
  const ask = (wanted) => {
    const more = ['verdict', 'severity', ['check', 'check_id'], ['account', 'account_id']].flatMap((name) => {
      const [from, column] = [name, name].flat();
      return wanted[from] ? [`  AND ${column} = ${literal(wanted[from])}`] : [];
    });
    const words = wanted.text.trim().toLowerCase();
    if (words) more.push(`  AND strpos(lower(concat_ws(' ', account_id, region, resource_arn, reason)), ${literal(words)}) > 0`);
    rest.textContent = [query, ...more].join('\n');
  };

  // What is chosen stands in the address, so that a link leads others to the same.
  const remember = (wanted) => {
    const chosen = Object.entries(wanted).filter(([, value]) => value.trim() !== '');
    const hash = location.hash.slice(1);
    if (chosen.length === 0 && !hash.startsWith(BY_NAME)) return;
    const wish = chosen.length === 0 ? 'by-name' : BY_NAME + new URLSearchParams(chosen);
    if (wish !== hash) history.replaceState(null, '', `#${wish}`);
  };
  // Once the hand rests: a browser takes only so many changes of the address.
  let resting;
  const rememberSoon = (wanted) => {
    clearTimeout(resting);
    resting = setTimeout(remember, 250, wanted);
  };

  const said = ({ asked, words, shown, fitting, all, here }) => {
    const others = fitting.all - fitting.here;
    if (!asked) return here === all ? `${here} findings, all on this page.` : `${here} of the ${all} findings are on this page. Use the query for all of them.`;
    if (words) {
      const rest = others === 0 ? '' : ` ${others} more findings match the other filters and are not on this page: use the query.`;
      return shown === 0 ? `None of the ${here} findings on this page matches.${rest}` : `${shown} of the ${here} findings on this page match.${rest}`;
    }
    if (fitting.all === 0) return `None of the ${all} findings matches.`;
    if (shown === 0) return `None of the ${fitting.all} matching findings is on this page: use the query.`;
    return others === 0 ? `${shown} of the ${all} findings match, all on this page.`
      : `${shown} of the ${fitting.all} matching findings are on this page. Use the query for all of them.`;
  };

  const filter = () => {
    const wanted = Object.fromEntries(new FormData(form));
    const words = wanted.text.trim().toLowerCase();
    const asked = Object.values(wanted).some((value) => value.trim() !== '');
    const place = form.elements.account.selectedIndex - 1;
    const fitting = { here: 0, all: 0 };
    let [shown, here, all] = [0, 0, 0];
    for (const group of groups) {
      const { verdict, check, severity } = group.element.dataset;
      const fits = (!wanted.verdict || wanted.verdict === verdict) && (!wanted.check || wanted.check === check)
        && (!wanted.severity || wanted.severity === severity);
      const chosen = group.rows.filter((row) => fits && (!wanted.account || row.dataset.account === wanted.account));
      const texts = new Map(group.rows.map((row, at) => [row, group.text[at]]));
      group.matching = words ? chosen.filter((row) => texts.get(row).includes(words)) : chosen;
      group.page = 0;
      turn(group);
      group.element.hidden = group.matching.length === 0;
      shown += group.matching.length;
      fitting.here += chosen.length;
      // How many the lake has; the page has as many of them as it has room for.
      if (fits) fitting.all += place < 0 ? group.all : group.counts.get(place) ?? 0;
      here += group.rows.length;
      all += group.all;
    }
    document.getElementById('shown').textContent = said({ asked, words, shown, fitting, all, here });
    ask(wanted);
    rememberSoon(wanted);
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

  // Chooses what the address says; true where it says something of the filters.
  const choose = (hash) => {
    if (!form || form.hidden || !hash.startsWith(BY_NAME)) return false;
    const wanted = new URLSearchParams(hash.slice(BY_NAME.length));
    for (const name of ['verdict', 'severity', 'check', 'account', 'text']) {
      const control = form.elements[name];
      control.value = wanted.get(name) ?? '';
      // What is not there to be chosen would choose nothing, and show nothing.
      if (control.value !== (wanted.get(name) ?? '')) control.value = '';
    }
    filter();
    clearTimeout(resting);
    document.getElementById('by-name').scrollIntoView();
    return true;
  };

  // A link into what is closed opens it, and turns to the page that its row is on.
  const reveal = () => {
    const hash = location.hash.slice(1);
    if (choose(hash)) return;
    // An address of something else is the reader's: no choice takes its place.
    clearTimeout(resting);
    const target = document.getElementById(decodeURIComponent(hash));
    const group = target && groups.find(({ rows }) => rows.includes(target));
    const isFiltered = form && target && (target.closest('details[hidden]') || (group && !group.matching.includes(target)));
    if (isFiltered) {
      for (const name of ['verdict', 'severity', 'check', 'account', 'text']) form.elements[name].value = '';
      filter();
      clearTimeout(resting);
    }
    if (group) {
      group.page = Math.floor(group.matching.indexOf(target) / PAGE);
      turn(group);
    }
    for (let at = target; at; at = at.parentElement) if (at.tagName === 'DETAILS') at.open = true;
    if (isFiltered || group) target.scrollIntoView();
  };
  addEventListener('hashchange', reveal);
  reveal();
})();
