// toast.js - what was done, with undo. Things that cannot be undone on the server are only done when the toast is gone.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {bind} from '../keys.js';

const SHOWN_MS = 8000;
let pending = [];

function finish(toast, run) {
  if (!pending.includes(toast)) return;
  pending = pending.filter((one) => one !== toast);
  clearTimeout(toast.timer);
  toast.unbind();
  toast.element.remove();
  if (run) run();
}

// toast(text, {undo, commit}): `undo` on the button or Mod+Z, `commit` when the time is over or the page goes away.
export function toast(text, {undo, commit} = {}) {
  const one = {};
  const back = () => finish(one, undo);
  one.commit = () => finish(one, commit);
  one.unbind = undo ? bind({'Mod+z': () => back()}) : () => {};
  one.element = h('div', {class: 'toast', role: 'status', test: 'toast'}, h('span', {}, text),
    undo && h('button', {class: 'plain', onclick: back, test: 'undo'}, t('toast.undo')));
  pending.push(one);
  document.getElementById('toasts').append(one.element);
  // Whoever is reading or about to press Undo is not hurried.
  const arm = () => { one.timer = setTimeout(one.commit, undo ? SHOWN_MS : SHOWN_MS / 2); };
  one.element.addEventListener('pointerenter', () => clearTimeout(one.timer));
  one.element.addEventListener('pointerleave', arm);
  arm();
  return one;
}

addEventListener('pagehide', () => [...pending].forEach((one) => one.commit()));
