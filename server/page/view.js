// One view: its rows over time from both layers, the boundary between them, what is late, and its copies.

import * as api from './api.js';
import { boundary, reach } from './boundary.js';
import { draw } from './chart.js';
import { ago, el, facts, number, show, time } from './dom.js';
import { table } from './table.js';
import { write } from './url.js';

const WINDOWS = 60, KEYS_OFFERED = 200, BARS = 40, ROWS_IN_TABLE = 500;

const of = (info, kind) => info.columns.filter(c => c.is === kind).map(c => c.name);
const numbers = info => info.columns.filter(c => c.is === 'aggregate' && /int|numeric|double|real/.test(c.type)).map(c => c.name);
const key_of = (info, row) => of(info, 'key').map(k => show(row[k])).join(' · ');

// --- what is asked for

function conditions(info, url) {
  return of(info, 'key').filter(k => url['k.' + k] !== undefined).map(k => ['where', `${k}=${url['k.' + k]}`]);
}

const shape = url => ['window', 'slide', 'to'].filter(p => url[p]).map(p => [p, url[p]]);

// The first of the last windows, or what the address says.
async function begin(info, url) {
  if (url.from || !info.window)
    return url.from ? [['from', url.from]] : [];
  const last = await api.rows(info.view, [...conditions(info, url), ...shape(url), ['last', url.last || WINDOWS]]);
  return last.rows.length ? [['from', last.rows[0].window_start]] : [];
}

// Keys that have rows in the last windows, the largest first.
async function keys_of(info, url, column) {
  const names = of(info, 'key');
  if (!names.length || !info.window)
    return [];
  const { rows } = await api.rows(info.view, [...shape(url), ['last', 3]]);
  const largest = new Map();
  for (const r of rows) {
    const id = JSON.stringify(names.map(k => r[k]));
    largest.set(id, Math.max(largest.get(id) ?? -Infinity, Number(r[column]) || 0));
  }
  return [...largest].sort((a, b) => b[1] - a[1]).slice(0, KEYS_OFFERED).map(([id]) => JSON.parse(id));
}

// --- what is drawn

// What tells a row from all others.
const id_of = (info, row) => JSON.stringify([row.window_start, row.window_end, ...of(info, 'key').map(k => row[k])]);

function point(info, row, column, late) {
  const at = row.window_start ? time(row.window_start) : key_of(info, row);
  const { refused = 0, healed = 0 } = late.get(row.window_start) ?? {};
  return {
    id: id_of(info, row), label: row.window_start ? at.slice(11) || at : at, title: row.window_start ? `${at} to ${time(row.window_end)}` : at,
    batch: value(row._batch?.[column]), speed: value(row._speed?.[column]), total: value(row[column]),
    open: row._final === false, late: refused, healed,
  };
}

const value = v => v === null || v === undefined ? null : Number(v);

// Do the parts of all rows add up to them?
function add_up(points) {
  return points.every(p => p.total === null || Math.abs((p.batch ?? 0) + (p.speed ?? 0) - p.total) <= 1e-9 * Math.abs(p.total));
}

function by_window(late) {
  const windows = new Map();
  for (const e of late.events ?? []) {
    const w = windows.get(e.window_start) ?? { refused: 0, healed: 0 };
    w.refused++;
    w.healed += e.healed;
    windows.set(e.window_start, w);
  }
  return windows;
}

// Copies beside the served one that have rows to compare: a replay under way, one that waits for its switch, the former.
async function beside(info, status, parameters, column) {
  const copies = status.views.filter(c => c.view === info.view && !c.served);
  const answers = await Promise.all(copies.map(c => api.rows(info.view, [...parameters, ['copy', c.copy]]).catch(() => null)));
  return copies.map((c, i) => answers[i] && {
    label: `copy ${c.copy}, ${c.mode}`,
    values: new Map(answers[i].rows.map(r => [id_of(info, r), value(r[column])])),
  }).filter(Boolean);
}

// --- parts of the page

function picker(label, name, current, options) {
  const choose = el('select', { onchange: e => write({ [name]: e.target.value }) },
    options.map(([text, v]) => el('option', { value: v, selected: v === current }, text)));
  return el('label', {}, label, choose);
}

function typed(label, name, current, hint, list) {
  const id = `list-${name}`;
  return [el('label', {}, label, el('input', { value: current ?? '', placeholder: hint, list: list ? id : null, size: Math.min(24, Math.max(8, hint.length)),
    onchange: e => write({ [name]: e.target.value.trim() }) })),
  list && el('datalist', { id }, list.map(v => el('option', { value: v })))];
}

export function pickers(info, url, column, keys) {
  const names = of(info, 'key'), columns = numbers(info);
  const made = [];
  if (columns.length > 1)
    made.push(picker('Column', 'column', column, columns.map(c => [c, c])));
  if (info.window)
    for (const [i, k] of names.entries())
      made.push(...typed(k, 'k.' + k, url['k.' + k], 'the largest', [...new Set(keys.map(values => show(values[i])))]));
  if (info.window) {
    made.push(picker('Range', 'last', url.from ? '' : url.last ?? String(WINDOWS), [...(url.from ? [['from … to', '']] : []),
      ['last 12 windows', '12'], ['last 60', '60'], ['last 240', '240'], ['last 1,000', '1000']]));
    made.push(...typed('From', 'from', url.from, '2015-05-17T10:00Z'), ...typed('To', 'to', url.to, 'now'));
    if (info.window.kind === 'tumble' || info.window.kind === 'hop')
      made.push(...typed('Window', 'window', url.window, info.window.size), ...typed('Slide', 'slide', url.slide, info.window.slide));
  }
  return el('div', { class: 'pickers' }, made);
}

function legend(adds, points, others) {
  const entry = (kind, text) => el('li', {}, el('i', { class: kind }), text);
  return el('ul', { class: 'legend' },
    entry('batch', 'counted by the batch, below the cut'), entry('speed', 'counted by the speed layer, above it'),
    adds ? null : el('li', {}, el('i', { class: 'both' }), 'both together: these parts do not add up, they are merged'),
    points.some(p => p.open) && entry('open', 'pale: the window is open'), others.length > 0 && entry('other', others.map(o => o.label).join(', ')),
    points.some(p => p.late) && entry('late', 'late events were refused here'));
}

function about(answer, copy, late) {
  return facts([
    ['Mode', answer.mode], ['Version', `${answer.version}, copy ${answer.copy}`],
    ['Events that wait', answer.lag, 'events of the log that neither layer has counted yet'],
    ['Watermark', answer.watermark ? time(answer.watermark) : 'none yet', 'earlier events are not expected any more'],
    ['Last batch', copy?.batch_published_at ? ago(copy.batch_published_at) : 'none', copy?.batch_published_at],
    ['Late events', late.allowed_lateness_us == null ? 'never: all count' : `${number(late.refused)} refused, ${number(late.healed)} healed`,
      'the speed layer refuses events that are later than is allowed; the next batch counts them'],
  ]);
}

function copies(info, status) {
  const list = status.views.filter(c => c.view === info.view);
  const role = c => c.served ? 'served' : c.former ? 'former' : c.state;
  return list.length < 2 ? null : [el('h3', {}, 'Copies'), table('Each is computed for itself; readers see the served one',
    [['copy', c => String(c.copy)], ['version', c => String(c.version)], ['mode', c => c.mode], ['role', role],
     ['events covered', c => c.covered], ['of', c => c.tail], ['lag', c => c.lag]].map(([label, f]) => ({ label, of: f })), list)];
}

function rows_table(info, answer, column, before) {
  const rows = answer.rows.slice(-ROWS_IN_TABLE).reverse();
  const id = r => id_of(info, r);
  const now = new Map(rows.map(r => [id(r), JSON.stringify(r[column])]));
  const plain = info.columns.map(c => ({ label: c.name, of: r => c.is === 'window' ? time(r[c.name]) : r[c.name] }));
  const made = table(`${number(answer.rows.length)} ${answer.rows.length === 1 ? 'row' : 'rows'}${answer.rows.length > rows.length ? `, the last ${rows.length}` : ''}; ${column} also by layer`,
    [...plain, { label: `${column}, batch`, of: r => r._batch?.[column], kind: 'batch' },
     { label: `${column}, speed`, of: r => r._speed?.[column], kind: 'speed' }],
    rows, r => before.size > 0 && before.get(id(r)) !== now.get(id(r)));
  return [made, now];
}

// --- the whole

// What stays from one look to the next.
function skeleton(info) {
  return {
    name: info.view, address: location.hash, rows: new Map(), keys: [], keys_at: 0,
    parts: { pickers: el('div'), facts: el('div'), canvas: el('canvas', { role: 'img' }), legend: el('div'), boundary: el('div'), copies: el('div'), table: el('div') },
  };
}

function lay_out(shown, info, p) {
  shown.replaceChildren(el('h2', {}, info.view), el('p', { class: 'soft' }, `over ${info.stream}`), p.pickers,
    el('div', { class: 'chart' }, p.canvas), p.legend, p.facts, el('h3', {}, 'The boundary'),
    el('p', { class: 'soft' }, 'A cut is a position in the log, one for each partition: below it the batch has counted, above it the speed layer.'),
    p.boundary, p.copies, el('h3', {}, 'Rows'), p.table, el('h3', {}, 'Definition'), el('pre', {}, info.definition));
}

// Looks once. former: what the last look gave, or null.
export async function look(shown, url, former) {
  const info = await api.view(url.view), column = url.column && numbers(info).includes(url.column) ? url.column : numbers(info)[0];
  if (!column) {
    shown.replaceChildren(el('h2', {}, info.view), el('p', {}, 'No column of this view is a number.'), el('pre', {}, info.definition));
    return null;
  }
  const at = former?.name === info.view && former.address === location.hash ? former : skeleton(info), p = at.parts;
  if (Date.now() - at.keys_at > 10000)
    [at.keys, at.keys_at] = [await keys_of(info, url, column), Date.now()];
  const names = of(info, 'key'), chosen = { ...url };
  if (at.keys.length && !names.some(k => url['k.' + k] !== undefined))
    names.forEach((k, i) => at.keys[0][i] !== null && (chosen['k.' + k] = at.keys[0][i]));
  const parameters = [...conditions(info, chosen), ...shape(url), ...await begin(info, chosen)];
  const [answer, late] = await Promise.all([api.layers(info.view, parameters), info.window ? api.late(info.view) : {}]);
  const others = await beside(info, info.status, parameters, column);
  const windows = by_window(late);
  const points = answer.rows.slice(info.window ? -2000 : 0).map(r => point(info, r, column, windows));
  if (!info.window)
    points.sort((a, b) => b.total - a.total).splice(BARS);
  const adds = add_up(points);
  if (at !== former) {
    p.pickers.replaceChildren(pickers(info, url, column, at.keys));
    lay_out(shown, info, p);
  }
  const key = names.filter(k => chosen['k.' + k] !== undefined && info.window).map(k => `${k} ${chosen['k.' + k]}`).join(', ');
  p.canvas.setAttribute('aria-label', `${column} of ${info.view}${key ? ` for ${key}` : ''}, by layer; the table below has the numbers`);
  draw(p.canvas, points, { adds, unit: column, others });
  p.legend.replaceChildren(el('p', {}, el('strong', {}, column), key ? ` of ${key}` : names.length ? ` by ${names.join(', ')}` : ''), legend(adds, points, others));
  p.facts.replaceChildren(about(answer, info.status.views.find(c => c.served), info.window ? late : {}));
  at.reach = reach(answer.partitions, at.reach);
  p.boundary.replaceChildren(boundary(answer.partitions, at.reach));
  p.copies.replaceChildren(...[copies(info, info.status)].flat().filter(Boolean));
  const [made, now] = rows_table(info, answer, column, at.rows);
  p.table.replaceChildren(made);
  at.rows = now;
  return at;
}
