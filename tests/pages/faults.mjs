// The faults, each with the check that must see it and what that must say.
//
// `spoil` runs in the page and has what spoiled.mjs hands to it.

export const FAULTS = [
  // quiet
  { check: 'quiet', says: /console warning/, spoil: ({ script }) => script('console.warn("x")') },
  { check: 'quiet', says: /error: boom/, spoil: ({ script }) => script('throw new Error("boom")') },
  { check: 'quiet', says: /dialog/, spoil: ({ script }) => script('alert(1)') },
  { check: 'quiet', says: /Content Security Policy/, spoil: ({ add }) => add('script', 'window.late = 1') },
  { check: 'quiet', says: /does not begin with nothing/, spoil: ({ policy }) => policy.remove() },
  { check: 'quiet', says: /lets other scripts in/, spoil: ({ loosen }) => loosen() },
  {
    check: 'quiet',
    says: /script off: request: http:\/\/127\.0\.0\.1/,
    spoil: ({ loosen, add }) => (loosen('img-src http:'), (add('img', '').src = 'http://127.0.0.1:9/x.png')),
  },
  {
    check: 'quiet',
    says: /request: file:.*beside\.png/,
    spoil: ({ loosen, add }) => (loosen('img-src file:'), (add('img', '').src = 'beside.png')),
  },
  {
    check: 'quiet',
    says: /request: .*fetched/,
    spoil: ({ script, loosen }) => (script('fetch("http://127.0.0.1:9/fetched")'), loosen('connect-src *')),
  },

  // links
  {
    check: 'links',
    says: /#gone leads nowhere/,
    spoil: ({ one }) => one('nav a').setAttribute('href', '#gone'),
  },
  { check: 'links', says: /the id keys is there twice/, spoil: ({ one }) => (one('#keys h2').id = 'keys') },
  {
    check: 'links',
    says: /not rel=noreferrer/,
    spoil: ({ one }) => (one('nav a').href = 'https://example.com/'),
  },
  {
    check: 'links',
    says: /no plain link: http:/,
    spoil: ({ one }) => (one('nav a').href = 'http://example.com/'),
  },
  {
    check: 'links',
    says: /no plain link: javascript:/,
    spoil: ({ one }) => (one('nav a').href = 'javascript:void 0'),
  },
  {
    check: 'links',
    says: /<link> has an address/,
    spoil: ({ add }) => (add('link', '', document.head).href = 'https://example.com/a.css'),
  },
  { check: 'links', says: /loads or leaves: <img/, spoil: ({ add }) => (add('img', '').src = 'data:,') },
  { check: 'links', says: /@import or url/, spoil: ({ style }) => style('@import "a.css";') },
  { check: 'links', says: /#keys is not in view/, spoil: ({ one }) => (one('#keys').hidden = true) },
  {
    check: 'links',
    says: /#\w+ is not in view/,
    spoil: ({ style }) => style('section { scroll-margin-top: -20rem !important }'),
  },
  {
    check: 'links',
    says: /#\w+ is not in view/,
    spoil: ({ add, style, script }) => {
      add('div', 'over the heading').id = 'bar';
      style('#bar { position: fixed; inset: 0; background: red }');
      script(
        'bar.hidden = true; addEventListener("hashchange", () => { bar.hidden = false; setTimeout(() => (bar.hidden = true), 6000); })',
      );
    },
  },

  // structure
  { check: 'structure', says: /no caption/, spoil: ({ one }) => one('caption').remove() },
  { check: 'structure', says: /has no scope/, spoil: ({ one }) => one('th').removeAttribute('scope') },
  {
    check: 'structure',
    says: /not one <h1>/,
    spoil: ({ add }) => add('h1', 'again', document.querySelector('main')),
  },
  {
    check: 'structure',
    says: /level is skipped/,
    spoil: ({ one }) => (one('#coverage h2').outerHTML = '<h4>Coverage</h4>'),
  },
  {
    check: 'structure',
    says: /#keys does not begin/,
    spoil: ({ one }) =>
      one('#keys').prepend(Object.assign(document.createElement('h3'), { textContent: 'x' })),
  },
  { check: 'structure', says: /not those promised/, spoil: ({ one }) => one('main').append(one('#run')) },
  {
    check: 'structure',
    says: /no link to #denied/,
    spoil: ({ one }) => one('nav a[href="#denied"]').remove(),
  },
  {
    check: 'structure',
    says: /<nav> has no label/,
    spoil: ({ one }) => ['aria-label', 'aria-labelledby'].forEach(it => one('nav').removeAttribute(it)),
  },
  {
    check: 'structure',
    says: /<svg> in/,
    spoil: ({ all }) =>
      all('svg').forEach(it => ['role', 'aria-hidden'].forEach(name => it.removeAttribute(name))),
  },
  { check: 'structure', says: /no language/, spoil: () => document.documentElement.removeAttribute('lang') },
  { check: 'structure', says: /no title/, spoil: () => (document.title = '') },
  { check: 'structure', says: /no band/, spoil: ({ all }) => all('p.band').forEach(it => it.remove()) },
  {
    check: 'structure',
    says: /scope sentence/,
    spoil: () => (document.body.innerHTML = document.body.innerHTML.replaceAll('Judged:', 'Seen:')),
  },
  {
    check: 'structure',
    says: /no run's id/,
    spoil: () => (document.body.innerHTML = document.body.innerHTML.replaceAll(/\d{8}T\d{6}Z-/g, '')),
  },
  {
    check: 'structure',
    says: /not begin with a <summary>/,
    spoil: ({ one }) => one('details').append(one('summary')),
  },

  // scriptOff
  {
    check: 'scriptOff',
    says: /#run says another thing/,
    spoil: ({ script }) => script('document.querySelector("#run").append("more")'),
  },
  {
    check: 'scriptOff',
    says: /it does nothing, and is there: <select/,
    spoil: ({ one }) => (one('#filter').hidden = false),
  },
  { check: 'scriptOff', says: /#keys says nothing/, spoil: ({ one }) => (one('#keys').hidden = true) },
  {
    check: 'scriptOff',
    says: /1 findings cannot be seen/,
    spoil: ({ one }) => (
      (one('#findings tbody tr').style.display = 'none'),
      (one('#findings tbody tr').hidden = true)
    ),
  },
  {
    check: 'scriptOff',
    says: /does not open without script/,
    spoil: ({ one, style }) => (
      (one('summary').innerHTML = '<a href="#run">x</a>'),
      style('summary a { display: block }')
    ),
  },
  {
    check: 'scriptOff',
    says: /opens on nothing/,
    spoil: ({ one }) => one('details').replaceChildren(one('summary')),
  },

  // filters
  ...['verdict', 'severity', 'check', 'account', 'text'].map(name => ({
    check: 'filters',
    says: new RegExp(`"${name}":"[^"]*"\\}: .*rows seen of`),
    spoil: `({ script }) => script(\`for (const event of ['input', 'change']) addEventListener(event, it => { if (it.target.name === '${name}') it.stopImmediatePropagation(); }, true);\`)`,
  })),
  {
    check: 'filters',
    says: /after the reset: .* rows seen of/,
    spoil: ({ script }) => script('addEventListener("reset", it => it.stopImmediatePropagation(), true)'),
  },
  {
    check: 'filters',
    says: /and \d+ in the lake/,
    spoil: ({ script }) =>
      script(
        'const s = document.querySelector("#shown"); const o = new MutationObserver(() => { o.disconnect(); s.textContent = s.textContent.replace("all on this page", "here").replace(/of the \\d+/, "of the 1"); o.observe(s, w); }); const w = { childList: true, characterData: true, subtree: true }; o.observe(s, w)',
      ),
  },
  {
    check: 'filters',
    says: /in the address/,
    spoil: ({ script }) => script('history.replaceState = () => {}; location.hash = "by-name?text=x"'),
  },
  {
    check: 'filters',
    says: /does not show its finding/,
    spoil: ({ script }) => script(
        'addEventListener("hashchange", () => { const row = document.getElementById(location.hash.slice(1)); if (row?.localName === "tr") row.style.display = "none"; })',
      ),
  },
  {
    check: 'filters',
    says: /reset leaves/,
    spoil: ({ script }) =>
      script('addEventListener("reset", it => setTimeout(() => it.target.elements.text.value = "x"))'),
  },
  {
    check: 'filters',
    says: /page 2 of .* does not show/,
    spoil: ({ script }) =>
      script(
        'addEventListener("click", it => it.target.closest(".pager") && it.stopImmediatePropagation(), true)',
      ),
  },
  {
    check: 'filters',
    says: /rows seen of/,
    spoil: ({ script }) =>
      script(
        'const s = document.querySelector("#shown"); const o = new MutationObserver(() => { o.disconnect(); s.prepend("1"); o.observe(s, w); }); const w = { childList: true, characterData: true, subtree: true }; o.observe(s, w)',
      ),
  },
  {
    check: 'filters',
    says: /no live region/,
    spoil: ({ one }) => (
      one('#shown').setAttribute('role', 'note'),
      one('#shown').removeAttribute('aria-live')
    ),
  },
  {
    check: 'filters',
    says: /account cannot be chosen/,
    spoil: ({ one }) => [...one('select[name=account]').options].at(-1).remove(),
  },
  {
    check: 'filters',
    says: /filters are not shown/,
    spoil: ({ style }) => style('#filter { display: none !important }'),
  },
  {
    check: 'filters',
    says: /no sentence/,
    spoil: ({ script }) =>
      script(
        'const s = document.querySelector("#shown"); new MutationObserver(() => { if (/\\bno/i.test(s.textContent)) s.textContent = "0"; }).observe(s, { childList: true, characterData: true, subtree: true })',
      ),
  },
  {
    check: 'filters',
    says: /focus is lost/,
    spoil: ({ script }) =>
      script('addEventListener("click", it => it.target.closest(".pager") && it.target.blur())'),
  },

  // keyboard
  {
    check: 'keyboard',
    says: /first stop is no skip link/,
    spoil: ({ one }) =>
      document.body.prepend(Object.assign(document.createElement('button'), { textContent: 'x' })),
  },
  {
    check: 'keyboard',
    says: /skip link cannot be seen/,
    spoil: ({ one, style }) => (
      (one('a').id = 'first'),
      style('#first { position: absolute !important; left: -9999px !important }')
    ),
  },
  {
    check: 'keyboard',
    says: /not in the content/,
    spoil: ({ script }) => script('document.links[0].addEventListener("click", it => it.preventDefault())'),
  },
  {
    check: 'keyboard',
    says: /nothing shows that <summary>/,
    spoil: ({ style }) =>
      style('summary:focus-visible { outline: none !important; box-shadow: none !important }'),
  },
  {
    check: 'keyboard',
    says: /nothing shows that <select>/,
    spoil: ({ style }) =>
      style('select:focus-visible { outline-color: transparent !important; box-shadow: none !important }'),
  },
  {
    check: 'keyboard',
    says: /Tab does not reach <select>/,
    spoil: ({ one }) => (one('select').tabIndex = -1),
  },
  {
    check: 'keyboard',
    says: /does not come to an end/,
    spoil: ({ script }) =>
      script(
        'addEventListener("keydown", it => it.key === "Tab" && document.activeElement.name === "text" && it.preventDefault())',
      ),
  },
  {
    check: 'keyboard',
    says: /focus behind <div>/,
    spoil: ({ style, add }) => (
      (add('div', 'bar').id = 'bar'),
      style('#bar { position: fixed; inset: 50% 0 0; background: red }')
    ),
  },
  {
    check: 'keyboard',
    says: /Enter does nothing/,
    spoil: ({ script }) =>
      script('addEventListener("keydown", it => it.target.localName === "summary" && it.preventDefault())'),
  },

  // accessible
  {
    check: 'accessible',
    says: /color-contrast.*light.*(?!dark)/,
    spoil: ({ style }) =>
      style(
        '@media (prefers-color-scheme: light) { #run p, #run dd, #run td { color: #bbb !important; background: #fff !important } }',
      ),
  },
  {
    check: 'accessible',
    says: /color-contrast.*\[dark/,
    spoil: ({ style }) =>
      style(
        '@media (prefers-color-scheme: dark) { h2 { color: #333 !important; background: #000 !important } }',
      ),
  },
  {
    check: 'accessible',
    says: /color-contrast.*details open/,
    spoil: ({ style }) => style('details td { color: #bbb !important; background: #ccc !important }'),
  },
  {
    check: 'accessible',
    says: /select-name.*script on/,
    spoil: ({ one, all }) => all('#filter label').forEach(it => it.replaceWith(...it.childNodes)),
  },

  // narrow
  {
    check: 'narrow',
    says: /320 px: the page is 9\d\d px wide/,
    spoil: ({ style }) => style('#run { width: 900px }'),
  },
  {
    check: 'narrow',
    says: /320 px: the page is/,
    spoil: ({ style }) => style('main * { overflow: visible !important } td { min-width: 20rem }'),
  },
  {
    check: 'narrow',
    says: /no named region/,
    spoil: ({ all, style }) => (
      all('[role=region]').forEach(it => it.removeAttribute('tabindex')),
      style('td { min-width: 20rem }')
    ),
  },
  {
    check: 'narrow',
    says: /cut off/,
    spoil: ({ style }) => style('#run { overflow: hidden; white-space: nowrap; width: 5rem }'),
  },

  // print
  {
    check: 'print',
    says: /the PDF does not say "Judged/,
    spoil: ({ style }) => style('@media print { main { display: none } }'),
  },
  {
    check: 'print',
    says: /the PDF does not say/,
    spoil: ({ style }) => style('@media print { details.group { display: none !important } }'),
  },
  {
    check: 'print',
    says: /the PDF does not say "\d{8}T/,
    spoil: ({ style }) => style('@media print { * { visibility: hidden } #scope * { visibility: visible } }'),
  },
  {
    check: 'print',
    says: /does not say its run and number/,
    spoil: ({ style }) => style('@page { @bottom-right { content: none } }'),
  },
  {
    check: 'print',
    says: /dark ground/,
    spoil: ({ style }) => style('@media print { body { background: #111 !important } }'),
  },
  {
    check: 'print',
    says: /light colour/,
    spoil: ({ style }) => style('@media print { td { color: #ddd !important } }'),
  },
  {
    check: 'print',
    says: /wide on paper/,
    spoil: ({ style }) => style('@media print { main { width: 1200px !important } }'),
  },
  {
    check: 'print',
    says: /cut off on paper/,
    spoil: ({ style }) =>
      style(
        '@media print { [role=region] { overflow: auto !important } td { min-width: 20rem } table { table-layout: auto !important } }',
      ),
  },

  // inert
  { check: 'inert', says: /no page: <img>/, spoil: ({ one }) => (one('td').innerHTML = '<img alt="">') },
  { check: 'inert', says: /2 scripts/, spoil: ({ add }) => add('script', '') },
  { check: 'inert', says: /has onclick/, spoil: ({ one }) => one('td').setAttribute('onclick', '') },
  { check: 'inert', says: /ran as script/, spoil: ({ script }) => script('window.__owned = 1') },
  { check: 'inert', says: /turns its neighbours/, spoil: ({ one }) => one('#run').append('\u202eabc') },
  {
    check: 'inert',
    says: /dialog/,
    spoil: ({ script }) => script('addEventListener("input", () => alert(1))'),
  },
  { check: 'inert', says: /not to be read on the page/, hostile: ['<b>nowhere</b>'], spoil: () => {} },

  // size
  { check: 'size', says: /bytes, more than/, spoil: ({ add }) => add('p', 'x'.repeat(3_000_000)) },
  {
    check: 'size',
    says: /elements, more than/,
    spoil: ({ one }) => (one('#method').innerHTML += '<i></i>'.repeat(55_000)),
  },
];
