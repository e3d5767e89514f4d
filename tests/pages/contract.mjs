// What a page of `atrest report --format html` promises, in one place: its parts, their names, its limits.
//
// The checks ask a page for these and for nothing else, so that the renderer may change how it does a
// thing without a test that knows.

/** What stands on the first screen, in its order: the same with and without script. */
export const FIRST = ['run', 'coverage', 'standard', 'expiries', 'changes', 'exceptions', 'scope', 'manifest'];

/** Every section, in its order. */
export const SECTIONS = [
  ...FIRST,
  'trend',
  'encryption',
  'rotation',
  'findings',
  'keys',
  'denied',
  'checks',
  'method',
];

/** What a page of two sheets has, of a single account or of a unit: their files begin with these words. */
const OTHERS = {
  summary: {
    first: [...FIRST.slice(0, 3), 'trend', ...FIRST.slice(3)],
    sections: [...FIRST.slice(0, 3), 'trend', ...FIRST.slice(3)],
  },
  account: {
    first: ['run', 'coverage', 'standard', 'expiries', 'scope', 'manifest'],
    sections: [
      ...['run', 'coverage', 'standard', 'expiries', 'scope', 'manifest'],
      ...['encryption', 'rotation', 'findings', 'keys', 'inventory', 'denied', 'checks'],
    ],
  },
  unit: {
    first: ['run', 'coverage', 'standard', 'expiries', 'scope', 'manifest'],
    sections: [
      ...['run', 'coverage', 'standard', 'expiries', 'scope', 'manifest'],
      ...['encryption', 'rotation', 'findings', 'keys', 'denied', 'checks'],
    ],
  },
  index: { first: ['accounts'], sections: ['accounts'] },
  units: { first: ['units'], sections: ['units'] },
};

/** The sections that a page promises, by its name. */
export function promised(name) {
  return OTHERS[name.split('-')[0]] ?? { first: FIRST, sections: SECTIONS };
}

/** Sheets of A4 that a summary has at most. */
export const SHEETS = 2;

/** The sentence without which no page may be read. */
export const SCOPE = 'Judged: S3 general purpose buckets and KMS keys.';

/** What a run's id looks like. */
export const RUN_ID = /\b\d{8}T\d{6}Z-[0-9a-f]{8}\b/;

/** Rows that a group shows at a time. */
export const ROWS_AT_A_TIME = 25;

/** A page is mailed and opened on a laptop: bytes of the file, elements in the tree. */
export const LIMITS = { bytes: 3_000_000, elements: 55_000 };

/** The elements that a page is made of; an element of another name came in with somebody's data. */
export const ELEMENTS = new Set(
  `html head meta title style script body header nav main footer section article aside div span p a ul ol li dl dt dd
   h1 h2 h3 h4 h5 h6 table caption colgroup col thead tbody tfoot tr th td details summary figure figcaption
   form fieldset legend label select optgroup option input button output noscript template bdi bdo code pre samp kbd
   strong em b i small abbr time mark hr br wbr s del ins sub sup data q
   svg g path rect line circle polyline polygon text tspan title desc defs use pattern`.split(/\s+/),
);

/** The filters' controls. */
export const SELECTS = ['verdict', 'severity', 'check', 'account'];

/** The part of a page's name that says that its names are hostile. */
export const HOSTILE = /^hostile/;
