// The server's answers. A failure has the server's own words: problem details (RFC 9457).

const PATIENCE_MS = 15000, LATE_MOST = 1000;

// Numbers that JavaScript would change (more than 15 digits, 1.10) stay texts, as the server wrote them.
function exactly(key, value, context) {
  return typeof value === 'number' && context?.source && String(value) !== context.source ? context.source : value;
}

// The server wants a token. It is kept as long as the browser's tab.
export class Locked extends Error {}
export const unlock = token => sessionStorage.setItem('token', token);
const credentials = () => sessionStorage.getItem('token') ? { Authorization: `Bearer ${sessionStorage.getItem('token')}` } : {};

export async function get(path, parameters = []) {
  const query = new URLSearchParams(parameters).toString();
  let reply;
  try {
    reply = await fetch('/api/v1' + path + (query ? '?' + query : ''), { headers: credentials(), signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    throw new Error('lk serve does not answer; the page asks again');
  }
  const answer = JSON.parse(await reply.text(), exactly);
  if (reply.status === 401)
    throw new Locked();
  if (!reply.ok)
    throw new Error([answer.detail, answer.hint].filter(Boolean).join(': '));
  return answer;
}

const part = encodeURIComponent;
export const views = () => get('/views');
export const view = name => get(`/views/${part(name)}`);
export const status = () => get('/status');
export const layers = (name, parameters) => get(`/views/${part(name)}/explain`, [['format', 'json'], ...parameters]);
export const rows = (name, parameters) => get(`/views/${part(name)}/rows`, parameters);
export const late = name => get(`/late/${part(name)}`, [['limit', LATE_MOST]]);
export const newest = (stream, n) => get(`/streams/${part(stream)}/rows`, [['last', n]]);
