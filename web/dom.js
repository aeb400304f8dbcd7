// dom.js - building elements. Text becomes text nodes and nothing else, so no document can bring its own markup.

const PROPERTIES = new Set(['value', 'checked', 'disabled', 'hidden', 'open', 'max', 'indeterminate', 'multiple', 'required']);

function set(element, name, value) {
  if (value === undefined || value === null) return;
  if (name === 'class') element.className = value;
  else if (name === 'test') element.dataset.test = value;
  else if (name === 'data') Object.assign(element.dataset, value);
  else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
  else if (PROPERTIES.has(name)) element[name] = value;
  else if (value !== false) element.setAttribute(name, value === true ? '' : String(value));
}

function nodesOf(child) {
  if (Array.isArray(child)) return child.flatMap(nodesOf);
  if (child instanceof Node) return [child];
  return child === undefined || child === null || child === false ? [] : [document.createTextNode(String(child))];
}

// h('button', {class, test, onclick, 'aria-label'}, children...)
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) set(element, name, value);
  for (const node of nodesOf(children)) element.append(node);
  return element;
}

// What it holds already and keeps is not taken out, not even for a moment: a press that began on it would be lost, and the focus.
export function fill(element, ...children) {
  const nodes = nodesOf(children);
  const kept = new Set(nodes);
  for (const old of [...element.childNodes]) if (!kept.has(old)) old.remove();
  let place = element.firstChild;
  for (const node of nodes) {
    if (node === place) place = place.nextSibling;
    else element.insertBefore(node, place);
  }
  return element;
}

// Sets text only where it differs, so that a row which is updated ten times a second is not laid out ten times.
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function debounce(wait_ms, run) {
  let timer = 0;
  const later = (...args) => {
    clearTimeout(timer);
    timer = setTimeout(run, wait_ms, ...args);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}

// A bag of things to undo when a view goes away.
export function cleanup() {
  const undo = [];
  const run = () => undo.splice(0).reverse().forEach((one) => one());
  run.add = (one) => {
    undo.push(one);
    return one;
  };
  run.listen = (target, type, listener, options) => {
    target.addEventListener(type, listener, options);
    undo.push(() => target.removeEventListener(type, listener, options));
  };
  return run;
}

// How far down in a scrolling box an element is, whatever lies between them.
export const topIn = (element, scroller) => element.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop;

// Brings an element to the upper third of the box that scrolls it.
export function bringTo(element) {
  const scroller = element && element.closest('.scroll');
  if (scroller) scroller.scrollTop = topIn(element, scroller) - scroller.clientHeight / 3;
}

export const isNarrow = () => matchMedia('(max-width: 900px)').matches;
const isTouch = () => matchMedia('(pointer: coarse)').matches;

// Paints rows anew, each with its data-ATTRIBUTE, and gives the focus back to the same row, or the same control of it.
export function keepFocus(root, attribute, paint) {
  const focused = root.contains(document.activeElement) && document.activeElement;
  const row = focused && focused.closest(`[data-${attribute}]`);
  paint();
  const same = row && [...root.querySelectorAll(`[data-${attribute}]`)].find((one) => one.dataset[attribute] === row.dataset[attribute]);
  const control = focused === row ? same : same && same.querySelector(`[data-test="${focused.dataset.test}"]`);
  if (control) control.focus({preventScroll: true});
}

const FADE_PX = 28;  // as --fade in views.css

// A row that stays one line: what does not fit is reached by the wheel, by a finger or by Tab, and fades at that edge.
export function fadeEdges(row) {
  const look = () => {
    const rest = row.scrollWidth - row.clientWidth - row.scrollLeft;
    const beyond = [row.scrollLeft > 1 && 'before', rest > 1 && 'after'].filter(Boolean).join(' ');
    if (beyond) row.dataset.beyond = beyond;
    else delete row.dataset.beyond;
  };
  row.addEventListener('scroll', look, {passive: true});
  row.addEventListener('change', look);
  row.addEventListener('wheel', (event) => {
    const by = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? 0 : event.deltaY;
    if (!by || row.scrollWidth <= row.clientWidth) return;
    row.scrollLeft += by;
    event.preventDefault();
  });
  new ResizeObserver(look).observe(row);
}

// The tab that is open stands clear of what fades.
export function placeTab(tabs) {
  const current = tabs.querySelector('[aria-current], [aria-selected=true]');
  if (!current) return;
  const end = current.offsetLeft + current.offsetWidth + FADE_PX - tabs.clientWidth;
  tabs.scrollLeft = Math.max(end, Math.min(tabs.scrollLeft, current.offsetLeft - FADE_PX));
}

// Tabs in one line, once they are in the document; in a window made narrow too.
export function showTab(tabs) {
  fadeEdges(tabs);
  placeTab(tabs);
  new ResizeObserver(() => placeTab(tabs)).observe(tabs);
}

// Focus without scrolling something the person is reading, and never raising a keyboard on a phone unasked.
export function focusGently(element) {
  if (!isTouch()) element.focus({preventScroll: true});
}
