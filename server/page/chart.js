// Rows over time, drawn by Chart.js. Where the two parts of a row add up to it they stand on each other as bars, the batch
// part below and the speed part above, with the boundary as a line between them. Where they do not (a mean, a maximum) each
// is a line of its own beside what they give together.

import { show } from './dom.js';

const colour = name => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
const faint = hex => hex + '66';

function dataset(label, name, values, more = {}) {
  return { label, data: values, backgroundColor: colour(name), borderColor: colour(name), ...more };
}

// Rows that are final are painted in full, windows that are open faintly with a border.
function bar(label, name, points, value, edge = {}) {
  const c = colour(name);
  return dataset(label, name, points.map(value), {
    type: 'bar', stack: 'parts', barPercentage: 0.95, categoryPercentage: 0.9, borderSkipped: false,
    backgroundColor: points.map(p => p.open ? faint(c) : c),
    borderColor: points.map(p => p.open ? c : 'transparent'), borderWidth: 1, ...edge,
  });
}

function line(label, name, points, value, more = {}) {
  return dataset(label, name, points.map(value), { type: 'line', pointRadius: 2.5, borderWidth: 2, spanGaps: true, ...more });
}

// The line between the parts, over the windows that have both.
const boundary = {
  id: 'boundary',
  afterDatasetsDraw(chart, args, options) {
    const batch = chart.getDatasetMeta(0), speed = chart.getDatasetMeta(1), g = chart.ctx;
    if (!options.on)
      return;
    g.save();
    g.strokeStyle = colour('ink');
    g.lineWidth = 2;
    for (const [i, element] of batch.data.entries()) {
      if (!chart.data.datasets[0].data[i] || !chart.data.datasets[1].data[i] || !speed.data[i])
        continue;
      g.beginPath();
      g.moveTo(element.x - element.width / 2 - 1, element.y);
      g.lineTo(element.x + element.width / 2 + 1, element.y);
      g.stroke();
    }
    g.restore();
  },
};

function refused(points) {
  const value = p => p.late ? (p.total ?? 0) : null;
  return dataset('late events', 'late', points.map(value),
    { type: 'line', showLine: false, pointStyle: 'triangle', rotation: 180, pointRadius: 6, order: -1 });
}

function datasets(points, adds, others) {
  const parts = adds
    ? [bar('batch', 'batch', points, p => p.batch), bar('speed', 'speed', points, p => p.speed)]
    : [line('batch', 'batch', points, p => p.batch, { borderDash: [5, 3] }), line('speed', 'speed', points, p => p.speed, { borderDash: [2, 3] }),
       line('both together', 'ink', points, p => p.total)];
  for (const o of others)
    parts.push(line(o.label, 'other', points, p => o.values.get(p.id) ?? null, { borderDash: [8, 4], pointStyle: 'rectRot', pointRadius: 4, order: -1 }));
  return points.some(p => p.late) ? [...parts, refused(points)] : parts;
}

function tooltip(points, unit) {
  return {
    callbacks: {
      title: items => points[items[0].dataIndex].title,
      label: item => item.dataset.label === 'late events'
        ? `${points[item.dataIndex].late} late, ${points[item.dataIndex].healed} of them healed` : `${item.dataset.label}: ${show(item.raw)} ${unit}`,
      footer: items => `together: ${show(points[items[0].dataIndex].total)}${points[items[0].dataIndex].open ? ', still open' : ''}`,
    },
  };
}

function scales() {
  const axis = { grid: { color: colour('line') }, ticks: { color: colour('soft'), maxRotation: 0, autoSkipPadding: 16 } };
  return { x: { ...axis, stacked: true }, y: { ...axis, stacked: true, beginAtZero: true } };
}

// Draws points [{id, label, title, batch, speed, total, open, late, healed}] into the canvas; draws anew what is there. others:
// copies beside the served one, [{label, values: Map of a point's id to its value}].
export function draw(canvas, points, { adds, unit, others = [] }) {
  const config = {
    data: { labels: points.map(p => p.label), datasets: datasets(points, adds, others) },
    options: {
      animation: false, responsive: true, maintainAspectRatio: false, interaction: { mode: 'index', intersect: false },
      plugins: { legend: { display: false }, tooltip: tooltip(points, unit), boundary: { on: adds } }, scales: scales(),
    },
    plugins: [boundary],
  };
  if (!adds)
    config.options.scales.y.stacked = config.options.scales.x.stacked = false;
  const former = window.Chart.getChart(canvas);
  if (!former)
    return new window.Chart(canvas, config);
  former.data = config.data;
  former.options = config.options;
  former.update('none');
  return former;
}
