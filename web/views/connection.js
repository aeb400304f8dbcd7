// connection.js - one place that documents come from: how it does, and what was found there.
import {h, fill, cleanup, keepFocus} from '../dom.js';
import {t, ago, fullDate} from '../texts.js';
import {get, patch, post, remove} from '../api.js';
import {collectionName} from '../state.js';
import {go, note, withQuery} from '../router.js';
import {follow} from '../parts/follow.js';
import {problem} from '../parts/problem.js';
import {toast} from '../parts/toast.js';
import {workHead} from '../parts/work_tabs.js';
import {askConnection, everyText} from '../parts/connection_form.js';
import {GRANTED, askGrant} from '../parts/connection_grant.js';
import {connectionChip, foundText, itemStates} from '../parts/connection_state.js';

const PAGE = 50;
const MAY_TAKE = ['conflict', 'edited', 'failed', 'ignored', 'skipped'];
const MAY_IGNORE = ['conflict', 'edited', 'failed', 'sent', 'taken', 'waiting'];

export function render(root, {id, query: {state: first = ''}}) {
  const undo = cleanup();
  const path = `/v1/connections/${id}`;
  let kinds = [];
  let chosen = first;
  let next = null;
  const head = workHead('connections', t('connect.title'));
  const facts = h('div', {class: 'work-card', test: 'connection-facts'}, h('div', {class: 'bone wide'}));
  const list = h('ul', {class: 'lines', test: 'connection-items'}, h('li', {class: 'bone'}));
  const more = h('button', {class: 'small', hidden: true, onclick: () => items(true), test: 'connection-items-more'}, t('library.more'));
  const filter = h('select', {class: 'chip', 'aria-label': t('connect.item_state'), test: 'connection-item-state', onchange: () => {
    chosen = filter.value;
    note(withQuery({state: chosen}));
    items();
  }}, ['', ...itemStates].map((name) => h('option', {value: name, selected: name === first}, t(name ? `connect.item_${name}` : 'connect.item_any'))));
  fill(root, head.element, h('div', {class: 'scroll pad work'}, facts, h('div', {class: 'row'}, h('h2', {}, t('connect.items')), h('span', {class: 'gap'}), filter), list, more));

  async function change(run, said) {
    try {
      await run();
      if (said) toast(said);
    } catch (error) {
      toast(error.message);
    }
    load();
  }

  const drop = (one) => {
    go('/connections');
    toast(t('connect.removed', {name: one.name}), {undo: () => go(`/connections/${one.id}`), commit: () => remove(path, null, {keepalive: true}).catch((error) => toast(error.message))});
  };

  function actions(one) {
    const kind = kinds.find(({name}) => name === one.kind);
    return h('div', {class: 'row wrap'}, one.on && h('button', {class: 'small primary', onclick: () => change(() => post(`${path}/sync`), t('connect.syncing', {name: one.name})), test: 'connection-sync'}, t('connect.sync')),
      h('button', {class: 'small', onclick: () => change(async () => toast((await post(`${path}/test`, {})).found)), test: 'connection-test'}, t('connect.test')),
      h('button', {class: 'small', onclick: () => askConnection(kind, one, load), test: 'connection-edit'}, t('connect.change')),
      GRANTED.includes(one.kind) && h('button', {class: 'small', onclick: () => askGrant(one), test: 'connection-grant'}, t('grant.button')),
      h('button', {class: 'small', onclick: () => change(() => patch(path, {on: !one.on})), test: 'connection-switch'}, t(one.on ? 'connect.pause' : 'connect.go_on')),
      h('button', {class: 'small', onclick: () => drop(one), test: 'connection-remove'}, t('do.remove')));
  }

  function paint(one) {
    fill(facts, h('div', {class: 'row wrap'}, h('h2', {class: 'grow'}, one.name), connectionChip(one)),
      h('p', {class: 'status'}, [t(`connect.kind_of_${one.kind}`), everyText(one.every_minutes), one.collection && t('connect.into', {name: collectionName(one.collection)})].filter(Boolean).join(' · ')),
      one.error && h('p', {class: 'problem', role: 'alert', test: 'connection-error'}, one.error),
      h('p', {}, foundText(one.items)),
      h('p', {class: 'status'}, [one.done_at ? t('connect.last', {ago: ago(one.done_at)}) : t('connect.never'), one.on && one.next_at && t('connect.next', {date: fullDate(one.next_at)})].filter(Boolean).join(' · ')),
      actions(one));
  }

  const decide = (item, action) => change(() => post(`${path}/items/${encodeURIComponent(item.key)}`, {action}));

  function rowOf(item) {
    const name = item.name || item.remote || item.key;
    const words = h(item.document ? 'a' : 'span', {class: 'line-name', href: item.document && `/documents/${item.document}`, test: 'item-open'}, h('b', {}, name),
      h('small', {}, [t(`connect.item_${item.state}`), ago(item.updated_at)].join(' · ')), item.error && h('small', {class: 'bad'}, item.error));
    return h('li', {class: 'line', test: 'connection-item', data: {key: item.key}}, words,
      MAY_TAKE.includes(item.state) && h('button', {class: 'small', onclick: () => decide(item, 'take'), test: 'item-take'}, t('connect.take')),
      MAY_IGNORE.includes(item.state) && h('button', {class: 'small', onclick: () => decide(item, 'ignore'), test: 'item-ignore'}, t('connect.ignore')));
  }

  async function items(append) {
    try {
      const page = await get(`${path}/items`, {state: chosen, limit: PAGE, after: append ? next : null});
      next = page.next;
      more.hidden = !next;
      if (append) list.append(...page.items.map(rowOf));
      else keepFocus(list, 'key', () => fill(list, page.items.length ? page.items.map(rowOf) : h('li', {class: 'status'}, t('connect.no_items'))));
    } catch (error) {
      fill(list, h('li', {}, problem(error, () => items())));
    }
  }

  async function load() {
    try {
      if (!kinds.length) kinds = (await get('/v1/connections/kinds')).items;
      paint(await get(path));
      await items();
    } catch (error) {
      fill(facts, problem(error, load));
    }
  }

  follow(undo, ['connection'], load, {concerns: (told) => told.id === id, wait_ms: 1000});
  load();
  return {cleanup: undo, title: t('connect.title'), focus: head.heading};
}
