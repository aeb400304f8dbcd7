// docs.js - /docs: each route as a form that calls it, made from /openapi.json. Nothing comes from elsewhere.
const SHOWN_MAX = 200000;  // characters of an answer
const DEPTH_MAX = 6;       // of an example
let api = null;
let session = null;

const part = (name) => document.getElementById(name);

function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in element) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

// --- Schemas ---

const resolve = (schema) => schema && schema.$ref ? api.components.schemas[schema.$ref.split('/').pop()] : schema || {};

function exampleOf(given, depth = 0) {
  const schema = resolve(given);
  const choice = schema.anyOf || schema.oneOf;
  if (schema.example !== undefined) return schema.example;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (choice) return exampleOf(choice.find((one) => one.type !== 'null') || choice[0], depth);
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== 'null') : schema.type;
  if (type === 'object' || schema.properties) return depth < DEPTH_MAX ? exampleObject(schema, depth) : {};
  if (type === 'array') return depth < DEPTH_MAX ? [exampleOf(schema.items, depth + 1)] : [];
  if (type === 'integer' || type === 'number') return schema.minimum || 1;
  if (type === 'boolean') return false;
  if (schema.format === 'date-time') return new Date().toISOString();
  return type === 'string' ? 'text' : null;
}

// What must be there; where nothing must, the first few that may.
function exampleObject(schema, depth) {
  const names = Object.keys(schema.properties || {});
  const needed = names.filter((name) => (schema.required || []).includes(name));
  const shown = needed.length ? needed : names.slice(0, 3);
  return Object.fromEntries(shown.map((name) => [name, exampleOf(schema.properties[name], depth + 1)]));
}

// A type in a few words: "text, at most 200", "one of asc, desc".
function typeOf(given) {
  const schema = resolve(given);
  const choice = schema.anyOf || schema.oneOf;
  if (given && given.$ref) return given.$ref.split('/').pop();
  if (choice) return choice.map(typeOf).join(' or ');
  if (schema.enum) return `one of ${schema.enum.join(', ')}`;
  if (schema.type === 'array') return `list of ${typeOf(schema.items)}`;
  let words = [schema.type || 'anything'].flat().join(' or ');
  if (schema.format) words += ` (${schema.format})`;
  if (schema.maxLength) words += `, at most ${schema.maxLength} characters`;
  if (schema.minimum !== undefined && schema.maximum !== undefined) words += `, ${schema.minimum} to ${schema.maximum}`;
  return words;
}

// --- The form of one call ---

function field(id, name, type, hint, input) {
  input.id = id;
  const described = hint ? make('small', {id: `${id}-hint`, textContent: hint}) : null;
  if (described) input.setAttribute('aria-describedby', described.id);
  return make('div', {className: 'field'}, make('label', {htmlFor: id}, make('code', {textContent: name}), ` ${type}`), input, described);
}

function parameterFields(call) {
  return (call.operation.parameters || []).map((parameter, number) => {
    const input = make('input', {name: parameter.name, required: parameter.required, autocomplete: 'off', spellcheck: false});
    call.inputs.push({parameter, input});
    return field(`${call.id}-p${number}`, parameter.name, `${parameter.in}, ${typeOf(parameter.schema)}${parameter.required ? '' : ', optional'}`,
                 parameter.description, input);
  });
}

function formFields(call, schema) {
  return Object.entries(resolve(schema).properties || {}).map(([name, member], number) => {
    const inner = member.type === 'array' ? member.items : member;
    const isFile = resolve(inner).format === 'binary' || resolve(inner).contentMediaType !== undefined || name.startsWith('file');
    const input = make('input', isFile ? {type: 'file', multiple: true} : {autocomplete: 'off'});
    call.members.push({name, input, isFile});
    return field(`${call.id}-m${number}`, name, isFile ? 'files' : typeOf(member), '', input);
  });
}

function bodyFields(call) {
  const content = (call.operation.requestBody || {}).content || {};
  const type = ['application/json', 'multipart/form-data'].find((one) => content[one]) || Object.keys(content)[0];
  call.type = type;
  if (!type) return [];
  if (type === 'multipart/form-data') return formFields(call, content[type].schema);
  const isJson = type === 'application/json';
  const example = content[type].example || exampleOf(content[type].schema);
  call.text = make('textarea', {rows: 8, spellcheck: false, value: isJson ? JSON.stringify(example, null, 2) : ''});
  return [field(`${call.id}-body`, 'body', type, '', call.text),
          isJson ? make('details', {className: 'schema'}, make('summary', {textContent: 'Schema of the body'}),
                        make('pre', {textContent: JSON.stringify(resolve(content[type].schema), null, 2)})) : null];
}

function answersOf(call) {
  const list = make('ul', {className: 'answers'});
  for (const [status, given] of Object.entries(call.operation.responses)) {
    const answer = given.$ref ? api.components.responses[given.$ref.split('/').pop()] : given;
    const kinds = Object.entries(answer.content || {}).map(([kind, told]) => `${kind}: ${typeOf(told.schema)}`);
    list.append(make('li', {}, make('code', {textContent: status}), ` ${answer.description}${kinds.length ? ` (${kinds.join('; ')})` : ''}`));
  }
  return make('details', {className: 'schema'}, make('summary', {textContent: 'What it may answer'}), list);
}

// --- Calling ---

function addressOf(call) {
  const query = new URLSearchParams();
  let path = call.path;
  for (const {parameter, input} of call.inputs) {
    if (parameter.in === 'path') path = path.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
    else if (parameter.in === 'query' && input.value) query.set(parameter.name, input.value);
  }
  const tail = query.toString();
  return path + (tail ? `?${tail}` : '');
}

function headersOf(call) {
  const headers = {Accept: call.accept};
  for (const {parameter, input} of call.inputs) {
    if (parameter.in === 'header' && input.value) headers[parameter.name] = input.value;
  }
  if (call.text && call.text.value) headers['Content-Type'] = call.type;
  return headers;
}

function bodyOf(call) {
  if (call.text) return call.text.value || undefined;
  if (call.type !== 'multipart/form-data') return undefined;
  const form = new FormData();
  for (const {name, input, isFile} of call.members) {
    if (isFile) for (const file of input.files) form.append(name, file, file.name);
    else if (input.value) form.append(name, input.value);
  }
  return form;
}

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

// The same for a shell; the key stands in its environment.
function curlOf(call) {
  const words = ['curl', '-X', call.method, quoted(location.origin + addressOf(call)), '-H', '"Authorization: Bearer $KEY"'];
  for (const [name, value] of Object.entries(headersOf(call))) words.push('-H', quoted(`${name}: ${value}`));
  if (call.text && call.text.value) words.push('--data-binary', quoted(call.text.value));
  for (const {name, input, isFile} of call.members) {
    if (isFile) for (const file of input.files) words.push('-F', quoted(`${name}=@${file.name}`));
    else if (input.value) words.push('-F', quoted(`${name}=${input.value}`));
  }
  return words.join(' ');
}

// A key is sent alone; without one the browser's session counts, which shows its token with each change.
async function withWho(call, options) {
  const key = part('key').value.trim();
  if (key) return {...options, credentials: 'omit', headers: {...options.headers, Authorization: `Bearer ${key}`}};
  if (call.method !== 'GET' && !session) session = await (await fetch('/v1/session')).json().catch(() => null);
  const token = session && session.csrf;
  return {...options, credentials: 'same-origin', headers: token ? {...options.headers, 'X-CSRF-Token': token} : options.headers};
}

async function readText(answer, shown) {
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (let next; !(next = await reader.read()).done;) {
    text += decoder.decode(next.value, {stream: true});
    shown.textContent = text.slice(0, SHOWN_MAX);
    if (text.length > SHOWN_MAX) break;
  }
  await reader.cancel();
  return text;
}

async function showBody(answer, box) {
  const type = (answer.headers.get('Content-Type') || '').split(';')[0];
  const shown = make('pre', {tabIndex: 0, 'aria-label': 'Body of the answer'});
  box.append(shown);
  if (!answer.body || answer.status === 204 || answer.status === 304) {
    shown.textContent = '(no body)';
  } else if (type && !/^text\/|json|xml|javascript/.test(type)) {
    const bytes = await answer.blob();
    shown.textContent = `${bytes.size.toLocaleString('en')} bytes of ${type}`;
    box.append(make('a', {href: URL.createObjectURL(bytes), download: 'answer', textContent: 'Save them'}));
  } else {
    const text = await readText(answer, shown);
    if (/json/.test(type) && text.length <= SHOWN_MAX) {
      try { shown.textContent = JSON.stringify(JSON.parse(text), null, 2); } catch { /* as it came */ }
    }
  }
}

async function send(call, event) {
  event.preventDefault();
  const box = call.answer;
  const began = performance.now();
  const status = make('p', {role: 'status', textContent: 'Asking ...'});
  call.stop?.abort();
  call.stop = new AbortController();
  box.replaceChildren(make('pre', {className: 'curl', tabIndex: 0, 'aria-label': 'The same with curl', textContent: curlOf(call)}), status);
  try {
    const options = await withWho(call, {method: call.method, headers: headersOf(call), body: bodyOf(call), signal: call.stop.signal});
    const answer = await fetch(addressOf(call), options);
    status.textContent = `${answer.status} ${answer.statusText} after ${Math.round(performance.now() - began)} ms`;
    status.className = answer.ok ? 'good' : 'bad';
    const headers = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
    box.append(make('details', {className: 'schema'}, make('summary', {textContent: 'Headers of the answer'}), make('pre', {textContent: headers})));
    await showBody(answer, box);
  } catch (error) {
    if (error.name === 'AbortError') return;
    status.textContent = `No answer: ${error.message}`;
    status.className = 'bad';
  }
}

function fill(details) {
  const {method, path} = details.dataset;
  const operation = api.paths[path] && api.paths[path][method.toLowerCase()];
  if (!operation || details.dataset.filled) return;
  details.dataset.filled = '1';
  const kinds = Object.entries(operation.responses).filter(([status]) => status < 300).flatMap(([, told]) => Object.keys(told.content || {}));
  const call = {method, path, operation, id: operation.operationId, inputs: [], members: [], accept: kinds[0] || '*/*',
                answer: make('div', {className: 'answer'})};
  const form = make('form', {}, make('p', {className: 'needs', textContent: operation.description}), ...parameterFields(call),
                    ...bodyFields(call).filter(Boolean), make('button', {type: 'submit', textContent: 'Send'}), answersOf(call), call.answer);
  form.addEventListener('submit', (event) => send(call, event));
  details.append(form);
}

// --- The page ---

function filter(words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  for (const section of document.querySelectorAll('section')) {
    let shown = 0;
    for (const details of section.querySelectorAll('details.call')) {
      const text = `${section.id} ${details.firstElementChild.textContent}`.toLowerCase();
      details.hidden = !wanted.every((word) => text.includes(word));
      shown += !details.hidden;
    }
    section.hidden = !shown;
  }
}

async function begin() {
  api = await (await fetch('/openapi.json')).json();
  part('tools').hidden = false;
  part('find').addEventListener('input', (event) => filter(event.target.value));
  for (const details of document.querySelectorAll('details.call')) {
    details.addEventListener('toggle', () => details.open && fill(details));
    if (details.open) fill(details);
  }
}

begin();
