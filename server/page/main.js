// The loop of the page: what the address names is looked at, again and again, as long as somebody can see it.

import * as api from './api.js';
import { ago, el, number } from './dom.js';
import { look as look_at_stream } from './stream.js';
import { link, read } from './url.js';
import { look as look_at_view } from './view.js';

const EVERY_MS = 1000;
const shown = document.getElementById('shown'), trouble = document.getElementById('trouble'), health = document.getElementById('health');

function entry(what, name, note, current) {
  return el('li', {}, el('a', { href: link({ [what]: name }), 'aria-current': current ? 'page' : null }, name, el('small', {}, note)));
}

function list(status, url) {
  const served = status.views.filter(v => v.served);
  document.getElementById('views').replaceChildren(...served.map(v => entry('view', v.view, v.lag ? `+${number(v.lag)}` : v.mode, url.view === v.view)));
  document.getElementById('streams').replaceChildren(
    ...status.streams.map(s => entry('stream', s.stream, number(s.events), url.stream === s.stream)));
  const lag = Math.max(0, ...served.map(v => v.lag));
  const newest = status.streams.map(s => s.last_append).filter(Boolean).sort().pop();
  health.textContent = (lag ? `${number(lag)} ${lag === 1 ? 'event waits' : 'events wait'}` : 'all events are counted') + (newest ? `; last append ${ago(newest)}` : '');
}

function say(text) {
  trouble.hidden = !text;
  if (trouble.textContent !== text)
    trouble.textContent = text;
}

function ask_for_token() {
  if (shown.querySelector('form'))
    return;
  const token = el('input', { type: 'password', autocomplete: 'off', size: 40 });
  const enter = event => {
    event.preventDefault();
    api.unlock(token.value.trim());
    shown.replaceChildren();
    again();
  };
  shown.replaceChildren(el('form', { class: 'pickers', onsubmit: enter }, el('label', {}, 'This server wants a token', token), el('button', {}, 'Go on')));
  token.focus();
}

function nothing() {
  shown.replaceChildren(el('h2', {}, 'Nothing is declared yet'),
    el('p', {}, 'Declare a stream and a view with lk apply; examples/web has some.'));
}

let former = null, address = null, subject = null, timer = null, looking = false;

// What was shown stays until the new is there, unless it is of something else.
function begin(hash) {
  const { view, stream } = read(), asked = JSON.stringify([view, stream]);
  if (subject !== asked)
    shown.replaceChildren(el('p', { class: 'soft' }, 'asking …'));
  [former, address, subject] = [null, hash, asked];
}

async function look() {
  const url = read(), status = await api.status();
  const first = status.views.find(v => v.served);
  if (!url.view && !url.stream && first)
    url.view = first.view;
  list(status, url);
  document.title = `${url.view ?? url.stream ?? 'lk'} – lk`;
  if (url.view)
    return look_at_view(shown, url, former);
  return url.stream ? look_at_stream(shown, url, former) : nothing();
}

async function again() {
  clearTimeout(timer);
  if (looking)
    return;
  looking = true;
  try {
    if (address !== location.hash)
      begin(location.hash);
    former = await look() ?? null;
    say('');
  } catch (failure) {
    if (failure instanceof api.Locked)
      ask_for_token();
    say(failure instanceof api.Locked ? '' : failure.message);
  }
  looking = false;
  if (address !== location.hash)
    again();
  else if (!document.hidden)
    timer = setTimeout(again, EVERY_MS);
}

addEventListener('hashchange', again);
document.addEventListener('visibilitychange', () => document.hidden || again());
again();
