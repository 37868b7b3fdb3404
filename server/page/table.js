// The text beside every chart: the same rows, exactly as they came.

import { el, is_number, show } from './dom.js';

// columns: [{name, label, of: row => value, kind}], kind 'batch' or 'speed' colours it. changed: rows that are new.
export function table(caption, columns, rows, changed = () => false) {
  const numeric = columns.map(c => rows.some(r => is_number(c.of(r))));
  const head = el('tr', {}, columns.map((c, i) => el('th', { scope: 'col', class: numeric[i] && 'number' }, c.label)));
  const body = rows.map(r => el('tr', { class: changed(r) && 'changed' }, columns.map((c, i) =>
    el('td', { class: [numeric[i] && 'number', c.kind].filter(Boolean).join(' ') || null }, show(c.of(r))))));
  return el('div', { class: 'table', tabindex: 0, role: 'region', 'aria-label': caption },
    el('table', {}, el('caption', {}, caption), el('thead', {}, head), el('tbody', {}, body)));
}
