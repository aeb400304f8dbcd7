// erasures.js - all that is kept about a person: given to them as a file, or erased, which can be taken back until it begins. For administrators.
import {h, fill} from '../dom.js';
import {t, fullDate} from '../texts.js';
import '../texts_account.js';
import {get, post, remove} from '../api.js';
import {formDialog} from './forms.js';
import {problem} from './problem.js';
import {toast} from './toast.js';

const LOOK_MS = 1000;
const dateOf = (text) => fullDate(Date.parse(text));
const dataOf = (id) => `/v1/users/${encodeURIComponent(id)}/data`;

// What goes, what stays and why, and the file of all of it before.
export function ask(person, load) {
  formDialog({
    title: t('erasing.title', {name: person.name}), submit: t('erasing.submit'), test: 'erasing', roomy: true,
    fields: [h('p', {}, t('erasing.goes')), h('p', {}, t('erasing.stays')), h('p', {class: 'status'}, t('erasing.proof')),
             h('p', {}, h('a', {class: 'button small', href: dataOf(person.id), download: 'data.json', test: 'erasing-data'}, t('erasing.data')))],
    send: async () => {
      await post(`/v1/users/${encodeURIComponent(person.id)}/erase`, {});
      load();
    },
  });
}

function about(one) {
  if (one.state === 'done') return t('erasing.done', {date: dateOf(one.ended_at)});
  if (one.state === 'failed') return t('erasing.failed', {reason: one.error || ''});
  if (one.state === 'running') return t('erasing.running', {done: one.done, total: one.total});
  return t('erasing.waiting', {date: dateOf(one.due_at)});
}

function row(one, nameOf, load) {
  const path = `/v1/erasures/${encodeURIComponent(one.id)}`;
  return h('li', {class: 'line', data: {id: one.id}, test: 'erasure-row'},
    h('span', {class: 'line-name'}, h('b', {}, one.user ? nameOf(one.user) : t('erasing.somebody')), h('small', {}, about(one))),
    one.state === 'waiting' && h('button', {class: 'small', test: 'erasure-keep', onclick: () => remove(path).then(load, (error) => toast(error.message))}, t('erasing.keep')),
    one.state === 'done' && h('a', {class: 'button small', href: `${path}/proof`, download: 'erasure-proof.json', test: 'erasure-proof'}, t('erasing.proof_file')));
}

// Shows nothing as long as there was none. `changed` is called when somebody has gone. Returns what looks again.
export function render(root, nameOf, changed, undo) {
  let timer = 0;
  let isOver = false;
  let running = 0;
  async function load() {
    clearTimeout(timer);
    try {
      const {items} = await get('/v1/erasures');
      if (isOver) return;
      fill(root, items.length && [h('h2', {}, t('erasing.list')), h('ul', {class: 'lines', test: 'erasures'}, items.map((one) => row(one, nameOf, load)))]);
      const now = items.filter((one) => one.state === 'running' || (one.state === 'waiting' && Date.parse(one.due_at) <= Date.now())).length;
      if (now < running) changed();
      running = now;
      if (now) timer = setTimeout(load, LOOK_MS);
    } catch (error) {
      fill(root, problem(error, load));
    }
  }
  undo.add(() => { isOver = true; clearTimeout(timer); });
  load();
  return load;
}
