// settings_models.js - the embedding models of this server: the one in use, the others, and a change to another while it goes on.
import {h, fill} from '../dom.js';
import {t, number, bytes, duration, percentText} from '../texts.js';
import {get, post, remove} from '../api.js';
import {mayAtLeast} from '../state.js';
import {problem} from './problem.js';
import {toast} from './toast.js';

const LOOK_MS = 1000;
const pathOf = (one) => `/v1/models/local/${encodeURIComponent(one.name)}`;

function about(one) {
  if (one.error) return one.error;
  const kind = one.kind === 'reranker' ? t('models.reranker') : t('models.dims', {count: one.dims, shown: number(one.dims)});
  return [one.family, kind, t('models.tokens', {count: one.tokens, shown: number(one.tokens)}), bytes(one.bytes)].filter(Boolean).join(' · ');
}

// What may be done with one: use it, or remove it where nothing needs it.
function actions(one, change, paint) {
  if (!mayAtLeast('owner') || one.used || one.coming) return null;
  const use = () => post(`${pathOf(one)}/use`).then(paint, (error) => toast(error.message));
  const drop = () => toast(t('models.removed', {name: one.name}), {
    undo: () => {},
    commit: () => remove(pathOf(one), null, {keepalive: true}).then(() => get('/v1/models/local').then(paint), (error) => toast(error.message)),
  });
  return [one.kind === 'embedding' && !one.error && !change && h('button', {class: 'small', onclick: use, test: 'model-use', title: t('models.use_hint')}, t('models.use')),
    h('button', {class: 'small', onclick: drop, test: 'model-remove'}, t('do.remove'))];
}

function row(one, change, paint) {
  const mark = one.used ? 'models.used' : one.coming ? 'models.coming' : '';
  return h('li', {class: 'line', data: {name: one.name}, test: 'model-row'}, h('span', {class: 'line-name'}, h('b', {}, one.name), h('small', {}, about(one))),
    mark && h('span', {class: 'chip', data: {set: one.used ? 'yes' : 'no'}}, t(mark)), actions(one, change, paint));
}

// A change that goes on: how far it is, how long it takes, and the way back, which is the model in use.
function changing({change, models}, paint) {
  const used = models.find((one) => one.used);
  const left = change.seconds_left === null ? t('models.left_unknown') : t('models.left', {time: duration(change.seconds_left)});
  return h('div', {class: 'model-change', role: 'status', test: 'model-change'}, h('div', {class: 'row'},
    h('span', {class: 'line-name'}, t('models.changing', {name: change.name})), h('span', {class: 'number'}, `${percentText(change.percent)} · ${left}`),
    used && mayAtLeast('owner') && h('button', {class: 'small', test: 'model-cancel', onclick: () => post(`${pathOf(used)}/use`).then(paint, (error) => toast(error.message))}, t('do.cancel'))),
  h('progress', {max: 100, value: change.percent, 'aria-label': t('models.changing', {name: change.name})}), h('small', {}, t('models.serves')));
}

// changed(): another model is used now. Returns what ends it.
export function render(root, changed) {
  let timer = 0;
  let isGone = false;
  let used = null;

  function paint(found) {
    if (isGone) return;
    fill(root, h('h2', {}, t('models.title')), h('p', {class: 'lead'}, t('models.lead'), ' ', h('code', {}, 'lectern models add FOLDER')), found.change && changing(found, paint),
      found.models.length ? h('ul', {class: 'lines'}, found.models.map((one) => row(one, found.change, paint))) : h('p', {class: 'status'}, t('models.none')));
    if (used && used !== found.model) changed();
    used = found.model;
    clearTimeout(timer);
    if (found.change) timer = setTimeout(load, LOOK_MS);
  }

  async function load() {
    try {
      paint(await get('/v1/models/local'));
    } catch (error) {
      if (!isGone) fill(root, problem(error, load));
    }
  }

  load();
  return () => {
    isGone = true;
    clearTimeout(timer);
  };
}
