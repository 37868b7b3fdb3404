// Elements from data. Text never becomes markup.

export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on'))
      made.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false)
      made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children.flat().filter(child => child !== null && child !== undefined && child !== false));
  return made;
}

const whole = new Intl.NumberFormat('en-US');
const real = new Intl.NumberFormat('en-US', { maximumFractionDigits: 3 });

export function number(value) {
  return Number.isInteger(value) ? whole.format(value) : real.format(value);
}

// A value as lk gives it.
export function show(value) {
  if (value === null || value === undefined)
    return '–';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export const is_number = value => typeof value === 'number' || (typeof value === 'string' && /^-?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(value));

// "2015-05-17T10:05:00Z" without the parts that all of a chart share.
export function time(text) {
  const t = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d(?:\.\d+)?)?Z$/.exec(text);
  if (!t)
    return String(text);
  const seconds = t[3] && t[3] !== ':00' ? t[3] : '';
  return `${t[1]} ${t[2]}${seconds}`;
}

export function ago(text, now = Date.now()) {
  const s = Math.max(0, (now - Date.parse(text)) / 1000);
  if (Number.isNaN(s))
    return 'never';
  if (s < 90)
    return `${Math.round(s)} s ago`;
  if (s < 5400)
    return `${Math.round(s / 60)} min ago`;
  return s < 129600 ? `${Math.round(s / 3600)} h ago` : `${Math.round(s / 86400)} d ago`;
}

// Facts: [[name, value, explanation], …].
export function facts(list) {
  return el('dl', { class: 'facts' }, list.filter(Boolean).map(([name, value, title]) =>
    el('div', { title }, el('dt', {}, name), el('dd', {}, typeof value === 'number' ? number(value) : show(value)))));
}
