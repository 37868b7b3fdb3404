// The boundary of batch and speed. A cut is a position in the log, one for each partition: what is below it the batch has
// counted, what is above it the speed layer, and what neither has counted yet waits.

import { el, number } from './dom.js';

function span(kind, events, of) {
  const made = el('span', { class: kind });
  made.style.width = of ? `${100 * events / of}%` : '0';
  return made;
}

// partitions: [{partition, cut, cursor, end}]. reach: how many events of the log's end a bar shows; what is before them is left
// out, so that the part of the speed layer can be seen beside a long log.
export function boundary(partitions, reach) {
  const shown = Math.min(reach, Math.max(1, ...partitions.map(p => p.end)));
  return el('div', {}, partitions.map(p => {
    const begin = Math.max(0, p.end - shown), cut = Math.max(begin, Math.min(p.cut, p.end)), cursor = Math.max(cut, Math.min(p.cursor, p.end));
    const bar = el('div', { class: begin ? 'bar goes-on' : 'bar', 'aria-hidden': 'true' },
      span('batch', cut - begin, shown), span('speed', cursor - cut, shown), span('waits', p.end - cursor, shown));
    return el('div', { class: 'partition' }, el('span', {}, String(p.partition)), bar,
      el('small', {}, `batch to ${number(p.cut)}, speed to ${number(p.cursor)} of ${number(p.end)}`));
  }));
}

// The largest part above a cut so far, three times: a batch then eats up a third of the bar at most.
export function reach(partitions, former) {
  return Math.max(former ?? 100, ...partitions.map(p => 3 * (p.end - p.cut)));
}
