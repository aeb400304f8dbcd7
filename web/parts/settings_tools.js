// settings_tools.js - servers whose tools models may call (MCP): naming them, choosing from what they offer, trying a tool.
import {h, fill, keepFocus} from '../dom.js';
import {t, list as written} from '../texts.js';
import {get, put, post, remove, ApiError} from '../api.js';
import {mayAtLeast} from '../state.js';
import {check, dialog, field, form, formDialog} from './forms.js';
import {problem} from './problem.js';
import {toast} from './toast.js';

const ALL = '*';
const pathOf = (name) => `/v1/mcp/servers/${encodeURIComponent(name)}`;
const titleOf = (tool) => tool.title || tool.name;

// What is on the list already, and what the server offers.
async function choose(one, again) {
  let offered;
  try {
    offered = (await get(`${pathOf(one.name)}/tools`, {all: 1})).items;
  } catch (error) {
    toast(error.message);
    return;
  }
  const isAll = one.tools.includes(ALL);
  const boxes = h('div', {test: 'tools-offered'}, offered.map((tool, i) => check({name: `tool_${i}`, label: titleOf(tool), hint: tool.description, checked: isAll || one.tools.includes(tool.name), disabled: isAll})));
  const every = check({name: 'all', label: t('tools.all'), hint: t('tools.all_hint'), checked: isAll});
  every.querySelector('input').addEventListener('change', ({target}) => boxes.querySelectorAll('input').forEach((box) => { box.disabled = target.checked; }));
  formDialog({
    title: t('tools.choose_of', {name: one.name}), test: 'tools', submit: t('do.save'), roomy: true,
    fields: [offered.length ? boxes : h('p', {class: 'status'}, t('tools.none_offered')), every],
    send: async (values) => {
      await put(pathOf(one.name), {url: one.url, tools: values.all ? [ALL] : offered.filter((_, i) => values[`tool_${i}`]).map(({name}) => name)});
      await again();
    },
  });
}

// one: the server that is changed; null for a new one, whose tools are chosen next.
function ask(one, again) {
  formDialog({
    title: t(one ? 'tools.change' : 'tools.add'), test: 'tool-server', submit: t(one ? 'do.save' : 'tools.add_next'),
    fields: [field({name: 'name', label: t('gateway.name'), value: one ? one.name : '', hint: t('tools.name_hint'), readonly: Boolean(one), required: true, autocomplete: 'off', maxlength: 60}),
      field({name: 'url', label: t('provider.address'), type: 'url', value: one ? one.url : '', placeholder: 'https://example.org/mcp', required: true, autocomplete: 'off'}),
      field({name: 'token', label: t('tools.token'), type: 'password', hint: t(one && one.token_set ? 'provider.key_set' : 'tools.token_hint'), autocomplete: 'off'})],
    send: async ({name, url, token}) => {
      await put(pathOf(name), {url, tools: one ? one.tools : [], ...(token && {token})});
      await again();
      if (!one) choose({name, url, tools: []}, again);
    },
  });
}

// A first guess at what a tool wants: its required arguments, empty.
function skeleton({inputSchema: schema = {}}) {
  const empty = {number: 0, integer: 0, boolean: false, array: [], object: {}};
  return Object.fromEntries((schema.required || []).map((name) => [name, empty[((schema.properties || {})[name] || {}).type] ?? '']));
}

function argumentsFrom(text) {
  try {
    const value = JSON.parse(text || '{}');
    if (value && typeof value === 'object' && !Array.isArray(value)) return value;
  } catch {
    // told below
  }
  throw new ApiError('invalid', t('tools.arguments_wrong'), 400, 'arguments');
}

const resultText = ({content = [], ...rest}) => content.map((part) => part.text ?? JSON.stringify(part, null, 2)).join('\n') || JSON.stringify(rest, null, 2);

function tryTool(one, tool) {
  const result = h('div', {role: 'status', test: 'tool-result'});
  dialog({
    title: titleOf(tool), test: 'tool-try', roomy: true,
    body: [tool.description && h('p', {class: 'status'}, tool.description), form({
      test: 'tool-call', submit: t('tools.call'),
      fields: field({name: 'arguments', label: t('tools.arguments'), type: 'area', rows: 6, value: JSON.stringify(skeleton(tool), null, 2), hint: written(Object.keys((tool.inputSchema || {}).properties || {})), spellcheck: 'false', class: 'secret'}),
      send: async (values) => {
        fill(result);
        const given = await post(`${pathOf(one.name)}/call`, {tool: tool.name, arguments: argumentsFrom(values.arguments)});
        fill(result, given.isError && h('p', {class: 'bad'}, t('tools.failed')), h('pre', {class: 'logged'}, resultText(given)));
      },
    }), result],
  });
}

// Asked for when it is opened.
function allowed(one) {
  const body = h('div', {});
  const element = h('details', {class: 'fold', test: 'tools-allowed'}, h('summary', {}, one.tools.includes(ALL) ? t('tools.allowed_all') : t('tools.allowed', {count: one.tools.length})), body);
  const load = async () => {
    fill(body, h('div', {class: 'bone'}));
    try {
      const {items} = await get(`${pathOf(one.name)}/tools`);
      fill(body, items.length ? h('ul', {class: 'lines'}, items.map((tool) => h('li', {class: 'line', test: 'tool-row', data: {name: tool.name}}, h('span', {class: 'line-name'}, h('b', {}, titleOf(tool)), h('small', {title: tool.description}, tool.description)),
        mayAtLeast('editor') && h('button', {class: 'small', onclick: () => tryTool(one, tool), test: 'tool-test'}, t('tools.try'))))) : h('p', {class: 'status'}, t('tools.none_allowed')));
    } catch (error) {
      fill(body, problem(error, load));
    }
  };
  element.addEventListener('toggle', () => { if (element.open) load(); });
  return element;
}

function row(one, again) {
  const drop = () => toast(t('gateway.removed', {name: one.name}), {undo: again, commit: () => remove(pathOf(one.name), null, {keepalive: true}).then(again, (error) => toast(error.message))});
  return h('li', {class: 'limited', test: 'tool-server-row', data: {name: one.name}}, h('div', {class: 'row wrap'}, h('span', {class: 'line-name'}, h('b', {}, one.name), h('small', {}, one.url)),
    h('button', {class: 'small', onclick: () => choose(one, again), test: 'tools-choose'}, t('tools.choose')), h('button', {class: 'small', onclick: () => ask(one, again), test: 'tool-server-change'}, t('gateway.edit')),
    h('button', {class: 'small', onclick: drop, test: 'tool-server-remove'}, t('do.remove'))), allowed(one));
}

export function render(root) {
  const list = h('ul', {class: 'lines', test: 'tool-servers'}, h('li', {class: 'bone'}));
  const load = async () => {
    try {
      const {items} = await get('/v1/mcp/servers');
      keepFocus(list, 'name', () => fill(list, items.length ? items.map((one) => row(one, load)) : h('li', {class: 'status'}, t('tools.none'))));
    } catch (error) {
      fill(list, problem(error, load));
    }
  };
  fill(root, h('p', {class: 'lead'}, t('tools.lead')), list, h('button', {class: 'primary', test: 'tool-server-add', onclick: () => ask(null, load)}, t('tools.add')),
    h('h2', {}, t('tools.ours')), h('p', {class: 'lead'}, t('tools.ours_lead')), h('pre', {class: 'logged', test: 'tools-ours'}, `${location.origin}/mcp`));
  load();
}
