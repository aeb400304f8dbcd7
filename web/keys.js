// keys.js - the keyboard: global keys, and those of the view that is showing.

const layers = [];  // the last one added is asked first

export function bind(map) {
  layers.push(map);
  return () => {
    const at = layers.indexOf(map);
    if (at >= 0) layers.splice(at, 1);
  };
}

const isTyping = (target) => target instanceof Element
  && (target.matches('input:not([type=checkbox]):not([type=radio]), textarea, select') || target.isContentEditable);

function nameOf(event) {
  if ((event.ctrlKey || event.metaKey) && event.key.length === 1) return `Mod+${event.key.toLowerCase()}`;
  return event.ctrlKey || event.metaKey || event.altKey ? null : event.key;
}

export function watch() {
  document.addEventListener('keydown', (event) => {
    const key = nameOf(event);
    if (!key || event.defaultPrevented || event.isComposing) return;
    const typing = isTyping(event.target);
    if (typing && key !== 'Escape' && !key.startsWith('Mod+')) return;
    // A dialog has the keyboard for itself, apart from the key that opens the palette.
    if (document.querySelector('dialog[open]') && key !== 'Mod+k') return;
    for (const layer of [...layers].reverse()) {
      if (layer[key] && layer[key](event) !== false) {
        event.preventDefault();
        return;
      }
    }
  });
}

// Walks a list of rows with j/k and the arrows; one row at a time is in the tab order.
export function walker(list, selector, {moved, opened} = {}) {
  const rows = () => [...list.querySelectorAll(selector)];
  const current = () => list.querySelector(`${selector}[tabindex="0"]`);
  const at = () => rows().indexOf(current());
  function put(index, {focus = true, quiet = false} = {}) {
    const all = rows();
    if (!all.length) return false;
    const next = Math.max(0, Math.min(all.length - 1, index));
    const before = current();
    if (before) before.tabIndex = -1;
    all[next].tabIndex = 0;
    if (focus) {
      all[next].focus({preventScroll: true});
      all[next].scrollIntoView({block: 'nearest'});
    }
    if (moved && !quiet) moved(all[next], next);
    return true;
  }
  const isIn = () => list.contains(document.activeElement);
  const step = (by) => () => put(isIn() ? at() + by : Math.max(0, at()));
  const keys = {
    j: step(1), k: step(-1),
    ArrowDown: () => isIn() && step(1)(),
    ArrowUp: () => isIn() && step(-1)(),
    Home: () => isIn() && put(0),
    End: () => isIn() && put(rows().length - 1),
    Enter: (event) => {
      const row = event.target.closest && event.target.closest(selector);
      if (!row || event.target !== row || !opened) return false;
      opened(row);
      return true;
    },
  };
  return {put, at, rows, keys, current};
}
