// A page can be mailed and opened: its bytes, and the elements that a browser holds for it.

import { statSync } from 'node:fs';
import { LIMITS } from '../contract.mjs';
import { setDetails } from '../browser.mjs';

export async function size(subject) {
  const { size: bytes } = statSync(subject.file);
  const elements = await subject.open({}, async ({ page }) => {
    await setDetails(page, true);
    return page.evaluate(() => document.querySelectorAll('*').length);
  });
  const complaints = [];
  if (bytes > LIMITS.bytes) complaints.push(`${bytes} bytes, more than ${LIMITS.bytes}`);
  if (elements > LIMITS.elements) complaints.push(`${elements} elements, more than ${LIMITS.elements}`);
  return complaints;
}
