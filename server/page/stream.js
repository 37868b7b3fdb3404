// One stream: how fast it grows, and its newest rows.

import * as api from './api.js';
import { ago, el, facts, number, time } from './dom.js';
import { table } from './table.js';

const ROWS = 20;

// Events a second since the last look; null at the first one.
function rate(events, now_ms, former) {
  return former && now_ms > former.at_ms ? Math.max(0, events - former.events) / ((now_ms - former.at_ms) / 1000) : null;
}

export async function look(shown, url, former) {
  const [status, answer] = await Promise.all([api.status(), api.newest(url.stream, ROWS)]);
  const stream = status.streams.find(s => s.stream === url.stream);
  const derived = status.derived.find(d => d.stream === url.stream || d.view === url.stream);
  const events = answer.next.reduce((a, b) => a + b, 0), now_ms = Date.now();
  const per_s = rate(events, now_ms, former?.stream === url.stream ? former : null);
  const rows = answer.rows.slice().reverse();
  const names = Object.keys(rows[0] ?? {});
  shown.replaceChildren(el('h2', {}, url.stream), facts([
    ['Rows', events], ['Rows a second', per_s === null ? 'measuring' : number(Math.round(per_s))],
    ['Partitions', answer.next.length], derived && ['Made of', derived.source ?? 'another stream'],
    stream && ['Newest event', stream.newest_event ? time(stream.newest_event) : 'none'],
    stream && ['Last append', stream.last_append ? ago(stream.last_append) : 'never'],
    stream && ['Rejected lines', stream.rejected_lines]]),
    rows.length ? table(`The newest ${rows.length} rows`, names.map(n => ({ label: n, of: r => r[n] })), rows, r => former?.seen && !former.seen.has(`${r._part} ${r._off}`))
      : el('p', {}, 'It has no row yet.'));
  return { stream: url.stream, events, at_ms: now_ms, seen: new Set(rows.map(r => `${r._part} ${r._off}`)) };
}
