// api.js - every word to the server: CSRF, errors as sentences with the one thing to do, streams.
import {state, emit} from './state.js';
import {t, has} from './texts.js';

export class ApiError extends Error {
  constructor(code, message, status, field, requestId, position) {
    super(message);
    this.code = code;
    this.status = status;
    this.field = field || null;
    this.requestId = requestId || null;
    this.position = position || null;  // {start, end} in UTF-16 units of the field
  }
}

// The server's own message is a sentence for people; ours stand in where there is none.
function sentence(code, message) {
  const text = message || (has(`error.${code}`) ? t(`error.${code}`) : t('error.internal'));
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?:]$/.test(text) ? '' : '.');
}

// Of an upload the server says for each file why it was refused.
export function errorFrom(status, body) {
  const [refused] = (body && body.refused) || [];
  const error = (body && body.error) || (refused && refused.error) || {};
  const code = error.code || (status === 401 ? 'unauthorized' : 'internal');
  return new ApiError(code, sentence(code, error.message), status, error.field, error.request_id, error.position);
}

export function address(path, query) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query || {})) {
    if (value !== undefined && value !== null && value !== '') parameters.set(name, value);
  }
  const tail = parameters.toString();
  return tail ? `${path}?${tail}` : path;
}

function headersFor(method, extra, hasJson) {
  const headers = {...extra};
  if (hasJson) headers['Content-Type'] = 'application/json';
  if (method !== 'GET' && state.session && state.session.csrf) headers['X-CSRF-Token'] = state.session.csrf;
  return headers;
}

// A form goes as it is, with the type that the browser gives it, and so does a text.
async function send(method, path, {body, query, signal, headers, keepalive} = {}) {
  const isReady = body instanceof FormData || typeof body === 'string';
  try {
    return await fetch(address(path, query), {
      method,
      signal,
      keepalive,
      credentials: 'same-origin',
      headers: headersFor(method, {Accept: 'application/json', ...headers}, body !== undefined && !isReady),
      body: body === undefined || isReady ? body : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new ApiError('network', t('error.network'), 0);
  }
}

const parsed = (response) => response.json().catch(() => null);

// Another tab changed the workspace: what this one shows and sends is of the one before, so it begins anew.
export function isElsewhere({workspace}) {
  const isOther = Boolean(workspace && state.session && state.session.workspace && workspace.id !== state.session.workspace.id);
  if (isOther) location.assign('/');
  return isOther;
}

// A session that was renewed in another tab has another token: read it once and try again.
async function refreshed() {
  const before = state.session && state.session.csrf;
  const response = await fetch('/v1/session', {credentials: 'same-origin'}).catch(() => null);
  const session = response && response.ok ? await parsed(response) : null;
  if (!session || !session.csrf || session.csrf === before || isElsewhere(session)) return false;
  state.session = session;
  return true;
}

async function failing(response, path) {
  const error = errorFrom(response.status, await parsed(response));
  if (response.status === 401 && path !== '/v1/session') emit('signed-out');
  return error;
}

// Returns the Response of a call that succeeded; throws ApiError otherwise.
export async function call(method, path, options = {}) {
  let response = await send(method, path, options);
  if (response.status === 403 && method !== 'GET' && (await refreshed())) response = await send(method, path, options);
  if (!response.ok) throw await failing(response, path);
  return response;
}

async function json(method, path, options) {
  const response = await call(method, path, options);
  return response.status === 204 ? null : parsed(response);
}

export const get = (path, query, signal) => json('GET', path, {query, signal});
export const post = (path, body, options) => json('POST', path, {body, ...options});
export const patch = (path, body) => json('PATCH', path, {body});
export const put = (path, body) => json('PUT', path, {body});
export const remove = (path, query, options) => json('DELETE', path, {query, ...options});

// One event of a text/event-stream, from its lines.
function eventFrom(block) {
  let name = 'message';
  const data = [];
  for (const line of block.split(/\r\n|\r|\n/)) {
    if (line.startsWith('event:')) name = line.slice(6).trim();
    else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
  }
  if (!data.length) return null;
  try {
    return {name, data: JSON.parse(data.join('\n'))};
  } catch {
    return null;
  }
}

// POST whose answer is a stream: calls `heard(name, data)` for each event, and returns when the stream ends.
export async function stream(path, body, heard, signal) {
  const response = await call('POST', path, {body, signal, headers: {Accept: 'text/event-stream'}});
  if (!(response.headers.get('Content-Type') || '').includes('event-stream')) {
    heard('done', await parsed(response));
    return;
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const {done, value} = await reader.read();
    if (done) break;
    const blocks = (rest + value).split(/\r?\n\r?\n/);
    rest = blocks.pop();
    for (const block of blocks) {
      const event = eventFrom(block);
      if (event) heard(event.name, event.data);
    }
  }
}

// Every page of a list, one after another, up to `most` items.
export async function all(path, query, most = 500) {
  const items = [];
  let after = null;
  do {
    const page = await get(path, {...query, limit: 100, after});
    items.push(...page.items);
    after = page.next;
  } while (after && items.length < most);
  return items;
}
