// palette.js - Ctrl or Cmd+K: go anywhere, do anything, find a document by its name.
import {h, fill, debounce} from '../dom.js';
import {t} from '../texts.js';
import {get} from '../api.js';
import {state, mayAdminister, mayAudit, mayRead, mayWrite, emit} from '../state.js';
import {go} from '../router.js';
import {icon} from './icons.js';
import {dialog} from './forms.js';
import {pickFiles, pickFolder} from './drop.js';
import {newCollection} from './collections.js';
import {savedAddress} from './saved.js';
import {showKeys} from './help.js';
import {workPlaces} from './work_tabs.js';

const MOST = 12;
const to = (path) => () => go(path);

const library = () => ({text: t('rail.library'), icon: 'library', run: to('/library')});
const reading = () => [
  {text: t('palette.ask'), icon: 'ask', run: to('/ask')},
  {text: t('palette.search'), icon: 'search', run: to('/search')},
  {text: t('palette.measure'), icon: 'search', run: to('/search/measure')},
  library(),
  {text: t('palette.compare'), icon: 'library', run: to('/compare')},
  {text: t('rail.study'), icon: 'study', run: to('/study')},
  {text: t('palette.study'), icon: 'study', run: to('/study/review')},
  {text: t('rail.conversations'), icon: 'talks', run: to('/conversations')},
  {text: t('rail.tasks'), icon: 'check', run: to('/tasks')},
  {text: t('rail.labels'), icon: 'label', run: to('/labels')},
  mayWrite() && {text: t('palette.asked'), icon: 'label', run: to('/labels/asked')},
  {text: t('fields.title'), icon: 'library', run: to('/fields')},
  {text: t('persona.title'), icon: 'talks', run: to('/personas')},
  {text: t('prompt.title'), icon: 'edit', run: to('/prompts')},
  ...workPlaces().map((name) => ({text: t(`work.${name}`), icon: 'work', run: to(`/${name}`)})),
];

function commands() {
  return [
    ...(mayRead() ? reading() : [library()]),
    mayWrite() && {text: t('add.files'), icon: 'add', run: pickFiles},
    mayWrite() && {text: t('add.folder'), icon: 'folder', run: pickFolder},
    mayWrite() && {text: t('collection.new'), icon: 'add', run: newCollection},
    {text: t('library.trash'), icon: 'trash', run: to('/library?trash=1')},
    {text: t('library.failed_only'), icon: 'notice', run: to('/library?state=failed')},
    ...['preferences', 'keys', 'notices', ...(mayAdminister() ? ['models', 'tools', 'limits', 'policy', 'feedback'] : []), ...(mayAudit() ? ['usage', 'people'] : []), ...(mayRead() ? ['batches'] : []), 'server'].map((name) => ({text: t(`settings.${name}`), icon: 'settings', run: to(`/settings/${name}`)})),
    {text: t('settings.account'), icon: 'settings', run: to('/settings')},
    {text: t('keys.title'), icon: 'notice', run: showKeys},
    {text: t('session.out'), icon: 'back', run: () => emit('sign-out')},
    ...state.collections.map((one) => ({text: one.name, kind: t('palette.collection'), icon: 'folder', run: to(`/library?collection=${one.id}`)})),
    ...state.saved.map((one) => ({text: one.name, kind: t('palette.saved'), icon: 'pin', run: to(savedAddress(one))})),
    ...state.conversations.map((one) => ({text: one.title, kind: t('palette.conversation'), icon: 'talks', run: to(`/ask/${one.id}`)})),
  ].filter(Boolean);
}

// Every word typed must be somewhere in the name; an earlier place is a better one.
function matching(list, typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return list.map((one) => ({one, at: words.map((word) => one.text.toLowerCase().indexOf(word))}))
    .filter(({at}) => at.every((place) => place >= 0))
    .sort((a, b) => Math.min(...a.at, 99) - Math.min(...b.at, 99))
    .map(({one}) => one);
}

function withTyped(found, typed) {
  if (!typed) return found.slice(0, MOST);
  const quoted = encodeURIComponent(typed);
  return [...found.slice(0, MOST),
    {text: t('palette.search_for', {text: typed}), icon: 'search', run: to(`/search?q=${quoted}`)},
    {text: t('palette.ask_for', {text: typed}), icon: 'ask', run: to(`/ask?q=${quoted}`)}];
}

export function showPalette() {
  if (document.querySelector('[data-test=palette]')) return;
  const base = commands();
  let shown = [];
  let at = 0;
  let files = [];
  let aborter = null;
  const input = h('input', {type: 'text', role: 'combobox', 'aria-expanded': 'true', 'aria-controls': 'palette-list', 'aria-label': t('palette.title'),
                            'aria-autocomplete': 'list', placeholder: t('palette.placeholder'), autocomplete: 'off', test: 'palette-input'});
  const list = h('ul', {id: 'palette-list', role: 'listbox', 'aria-label': t('palette.title'), class: 'palette-list'});
  const choose = (one) => {
    close();
    one.run();
  };

  function point(index) {
    at = Math.max(0, Math.min(shown.length - 1, index));
    [...list.children].forEach((row, i) => row.setAttribute('aria-selected', String(i === at)));
    const row = list.children[at];
    if (row) {
      input.setAttribute('aria-activedescendant', row.id);
      row.scrollIntoView({block: 'nearest'});
    }
  }

  function paint() {
    const typed = input.value.trim();
    shown = withTyped([...matching(base, typed), ...files], typed);
    fill(list, shown.map((one, i) => h('li', {role: 'option', id: `palette-${i}`, onclick: () => choose(one), test: 'palette-option'},
      icon(one.icon), h('span', {}, one.text), one.kind && h('small', {}, one.kind))));
    point(0);
  }

  const findFiles = debounce(120, async () => {
    const typed = input.value.trim();
    if (aborter) aborter.abort();
    aborter = new AbortController();
    const page = typed ? await get('/v1/documents', {q: typed, typing: 1, limit: 6}, aborter.signal).catch(() => null) : {items: []};
    if (!page || typed !== input.value.trim()) return;
    files = page.items.map((one) => ({text: one.name, kind: t('palette.document'), icon: 'file', run: to(`/documents/${one.id}`)}));
    paint();
  });

  input.addEventListener('input', () => {
    files = [];
    paint();
    findFiles();
  });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown') point(at + 1);
    else if (event.key === 'ArrowUp') point(at - 1);
    else if (event.key === 'Enter' && !event.isComposing && shown[at]) choose(shown[at]);
    else return;
    event.preventDefault();
  });
  const close = dialog({title: t('palette.title'), body: [input, list], test: 'palette', wide: true});
  paint();
}
