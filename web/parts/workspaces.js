// workspaces.js - the workspaces one belongs to, and changing to another. For whoever has two or more.
import {h} from '../dom.js';
import {t} from '../texts.js';
import '../texts_account.js';
import {put} from '../api.js';
import {state} from '../state.js';
import {toast} from './toast.js';

// The page begins anew there: nothing that it holds is of the other workspace. Until then it keeps the token of the
// one it leaves, so that what is still being sent arrives nowhere else.
async function enter({id}, button) {
  button.disabled = true;
  try {
    await put('/v1/session/workspace', {workspace: id});
    location.assign('/');
  } catch (error) {
    button.disabled = false;
    toast(error.message);
  }
}

function item(one) {
  const isHere = one.id === state.session.workspace.id;
  const words = [h('span', {}, one.name), h('small', {}, isHere ? t('workspaces.here') : t(`role.${one.role}`))];
  return h('li', {}, isHere
    ? h('span', {class: 'leaf', 'aria-current': 'true', test: 'workspace-here'}, words)
    : h('button', {class: 'leaf', 'aria-label': t('workspaces.enter', {name: one.name}), data: {id: one.id}, test: 'workspace-enter',
        onclick: (event) => enter(one, event.currentTarget)}, words));
}

export const list = () => h('ul', {class: 'workspaces', 'aria-label': t('workspaces.title'), test: 'workspaces'}, state.session.workspaces.map(item));

// Of the rail: closed until it is asked for.
export const menu = () => h('details', {class: 'fold', test: 'workspaces-menu'}, h('summary', {}, t('workspaces.title')), list());

export const section = () => h('section', {class: 'stacked'}, h('h2', {}, t('workspaces.title')), list());
