// talk_tools.js - what can be done with a conversation and with one of its messages: branches, folder, link, export.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {post, patch, remove} from '../api.js';
import {emit} from '../state.js';
import {icon} from './icons.js';
import {player} from './voice.js';
import {dialog, field, formDialog} from './forms.js';
import {toast} from './toast.js';

const small = (name, text, run, props) => h('button', {class: 'icon', 'aria-label': text, title: text, onclick: run, ...props}, icon(name));

// "‹ 1/2 ›" beside a message that has versions; show(id) brings one of them.
export function branchArrows(message, show) {
  const ids = message.branches || [];
  const at = ids.indexOf(message.id);
  if (ids.length < 2 || at < 0) return null;
  return h('span', {class: 'branches', role: 'group', 'aria-label': t('talk.branch', {at: at + 1, count: ids.length}), test: 'branches'},
    small('back', t('talk.before'), () => show(ids[at - 1]), {disabled: at === 0, test: 'branch-before'}),
    h('span', {class: 'number', test: 'branch-at'}, `${at + 1}/${ids.length}`),
    small('next', t('talk.after'), () => show(ids[at + 1]), {disabled: at === ids.length - 1, test: 'branch-after'}));
}

// A question with its tools. edit(text) asks another in its place.
export function askedTurn(message, {edit, show}) {
  const words = h('div', {}, message.text);
  const element = h('div', {class: 'asked', test: 'question'}, words);
  const write = () => {
    const input = h('textarea', {rows: 3, 'aria-label': t('talk.edit'), value: message.text, maxlength: 8000, test: 'edit-input'});
    const back = () => { editor.replaceWith(words); tools.hidden = false; };
    const editor = h('form', {class: 'edit'}, input, h('div', {class: 'actions'},
      h('button', {type: 'button', class: 'small', onclick: back}, t('do.cancel')),
      h('button', {type: 'submit', class: 'primary small', test: 'edit-send'}, t('talk.save_edit'))));
    editor.addEventListener('submit', (event) => {
      event.preventDefault();
      if (input.value.trim()) edit(input.value.trim(), element);
    });
    input.addEventListener('keydown', (event) => { if (event.key === 'Escape') { event.stopPropagation(); back(); } });
    words.replaceWith(editor);
    tools.hidden = true;
    input.focus();
  };
  const tools = h('div', {class: 'asked-tools'}, branchArrows(message, show), small('edit', t('talk.edit'), write, {test: 'edit-question'}));
  const sound = message.sound || (message.details && message.details.sound);
  element.tools = (id) => {
    message.id = id;
    if (id && sound) element.append(player(id));
    if (id) element.append(tools);
  };
  element.tools(message.id);
  return element;
}

function moveTo(one, changed) {
  formDialog({title: t('talk.folder'), submit: t('do.save'), test: 'talk-folder',
    fields: [field({name: 'folder', label: t('talk.folder'), hint: t('talk.folder_hint'), value: one.folder || '', maxlength: 100, autocomplete: 'off'})],
    send: async (values) => {
      changed(await patch(`/v1/conversations/${one.id}`, values));
      emit('conversations');
    }});
}

async function share(one, changed) {
  const shared = await post(`/v1/conversations/${one.id}/share`).catch((error) => { toast(error.message); return null; });
  if (!shared) return;
  changed(shared);
  const end = async () => {
    await remove(`/v1/conversations/${one.id}/share`).then(() => toast(t('talk.share_ended')), (error) => toast(error.message));
    changed({...shared, share: null});
    close();
  };
  const close = dialog({title: t('talk.share'), test: 'talk-share', body: [h('p', {}, t('talk.share_lead')),
    field({name: 'link', label: t('talk.share_link'), value: `${location.origin}/shared/${shared.share}`, readonly: true, onfocus: (event) => event.target.select()}),
    h('div', {class: 'actions'}, h('button', {class: 'small', onclick: end, test: 'share-end'}, t('talk.share_end')))]});
}

// Buttons for the head of a conversation; changed(conversation) hears what is new.
export function talkTools(one, changed) {
  const file = (format) => `/v1/conversations/${one.id}/export?format=${format}`;
  return [
    h('button', {class: 'small', onclick: () => moveTo(one, changed), test: 'talk-folder-open'}, one.folder || t('talk.folder')),
    h('button', {class: 'small', onclick: () => share(one, changed), 'aria-pressed': String(Boolean(one.share)), test: 'talk-share-open'}, t('talk.share')),
    h('details', {class: 'menu', test: 'talk-export'}, h('summary', {class: 'button small'}, t('talk.export')),
      h('div', {class: 'menu-list'}, h('a', {href: file('markdown'), download: 'conversation.md'}, t('talk.export_markdown')),
        h('a', {href: file('json'), download: 'conversation.json'}, t('talk.export_json')))),
  ];
}
