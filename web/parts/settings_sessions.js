// settings_sessions.js - where one is signed in, and signing out there.
import {h, fill} from '../dom.js';
import {t, ago} from '../texts.js';
import '../texts_account.js';
import {get, remove} from '../api.js';
import {longList} from './long_list.js';
import {toast} from './toast.js';

const BROWSERS = [[/Edg\//, 'Edge'], [/OPR\//, 'Opera'], [/Firefox\//, 'Firefox'], [/Chrome\//, 'Chrome'], [/Safari\//, 'Safari']];
const SYSTEMS = [[/Android/, 'Android'], [/iPhone|iPad/, 'iOS'], [/Windows/, 'Windows'], [/Mac OS X/, 'macOS'], [/Linux/, 'Linux']];
const first = (list, text) => (list.find(([pattern]) => pattern.test(text)) || [])[1];

// What people call it; programs say it themselves.
function nameOf(agent) {
  if (!agent) return t('signed.unknown');
  const names = [first(BROWSERS, agent), first(SYSTEMS, agent)].filter(Boolean);
  return names.length ? names.join(', ') : agent.slice(0, 60);
}

export function render(root) {
  const others = h('button', {class: 'small', hidden: true, test: 'sessions-end-others', onclick: () => end('/v1/sessions', 'signed.all_ended')}, t('signed.others'));
  const list = longList({row, wordsOf: (one) => `${one.user_agent} ${one.address}`, none: '', attribute: 'id', test: 'session-rows'});
  function row(one) {
    const words = [one.address, one.signed_in_by && t(`signed.by_${one.signed_in_by}`), one.current ? t('signed.here') : t('signed.seen', {ago: ago(one.last_seen_at)})].filter(Boolean).join(' · ');
    return h('li', {class: 'line', data: {id: one.id, current: one.current ? 'yes' : 'no'}, test: 'session-row'},
      h('span', {class: 'line-name', title: one.user_agent}, h('b', {}, nameOf(one.user_agent)), h('small', {}, words)),
      !one.current && h('button', {class: 'small', test: 'session-end', onclick: () => end(`/v1/sessions/${one.id}`, 'signed.ended')}, t('signed.out')));
  }
  async function load() {
    try {
      const {items} = await get('/v1/sessions');
      others.hidden = items.length < 2;
      list.show(items);
    } catch (error) {
      list.fail(error, load);
    }
  }
  const end = (path, text) => remove(path).then(() => { toast(t(text)); load(); }, (error) => toast(error.message));
  fill(root, h('div', {class: 'row wrap'}, h('h2', {class: 'grow'}, t('signed.title')), others), list.element);
  load();
}
