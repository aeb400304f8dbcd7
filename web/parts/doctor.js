// doctor.js - the server looks at itself and at what it rests on, and says what to do.
import '../texts_server.js';
import {h, fill} from '../dom.js';
import {t} from '../texts.js';
import {post} from '../api.js';
import {check, form} from './forms.js';

const found = (one) => h('li', {class: 'line told', test: 'found', data: {good: one.good ? 'yes' : 'no', level: one.good ? 'info' : 'problem', unread: one.good ? '' : 'yes'}},
  h('div', {class: 'line-name'}, h('b', {}, one.what), h('small', {}, t(one.good ? 'doctor.good' : 'doctor.bad')), h('p', {}, one.detail), !one.good && one.advice && h('p', {test: 'advice'}, one.advice)));

// What is not well comes first.
function show(root, items) {
  const bad = items.filter((one) => !one.good);
  fill(root, h('p', {class: 'status', test: 'doctor-sum'}, bad.length ? t('doctor.some_bad', {count: bad.length}) : t('doctor.all_good', {count: items.length})),
    h('ul', {class: 'lines', test: 'doctor-list'}, [...bad, ...items.filter((one) => one.good)].map(found)));
}

export function render(root) {
  const list = h('div', {role: 'status'});
  fill(root, h('h2', {}, t('doctor.title')), h('p', {class: 'lead'}, t('doctor.lead')), form({
    test: 'doctor', submit: t('doctor.look'), fields: [check({name: 'deep', label: t('doctor.deep')})],
    send: async (values) => show(list, (await post('/v1/doctor', {deep: values.deep})).items),
  }), list);
}
