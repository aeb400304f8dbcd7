// long_list.js - rows of what may be thousands: a part of them at first, and a field that finds one by its words.
import {h, fill, keepFocus} from '../dom.js';
import {t} from '../texts.js';
import {problem} from './problem.js';

const PART = 100;
const FEW = 20;  // of so many nobody needs to look for one

// row(item) makes a row with data-ATTRIBUTE; wordsOf(item) is what it is found by; `none` stands where there is no item.
// Returns {element, show(items), fail(error, again)}.
export function longList({row, wordsOf, none, attribute, test}) {
  let items = [];
  let most = PART;
  const list = h('ul', {class: 'lines', test}, h('li', {class: 'bone'}));
  const find = h('input', {type: 'search', hidden: true, placeholder: t('long.find'), 'aria-label': t('long.find'), test: `${test}-find`, autocomplete: 'off'});
  const more = h('button', {class: 'small', hidden: true, test: `${test}-more`});

  function paint() {
    const wanted = find.value.trim().toLocaleLowerCase();
    const found = items.filter((one) => wordsOf(one).toLocaleLowerCase().includes(wanted));
    find.hidden = items.length <= FEW;
    keepFocus(list, attribute, () => fill(list, found.length ? found.slice(0, most).map(row) : h('li', {class: 'status'}, wanted ? t('long.no_match') : none)));
    more.hidden = found.length <= most;
    fill(more, t('long.more', {count: found.length - most}));
  }
  find.addEventListener('input', () => {
    most = PART;
    paint();
  });
  more.addEventListener('click', () => {
    most += PART;
    paint();
  });
  return {
    element: h('div', {class: 'long'}, find, list, more),
    show: (next) => {
      items = next;
      paint();
    },
    fail: (error, again) => fill(list, problem(error, again)),
  };
}
