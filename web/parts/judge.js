// judge.js - "this result is right" or "wrong": thumbs that fill a judged set, which the lab measures searching with.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {get, post} from '../api.js';
import {mayWrite} from '../state.js';
import {icon} from './icons.js';
import {toast} from './toast.js';
import {announce} from './live.js';

const SET = 'Judged results';

const keyOf = (one) => `${one.document.id || one.document}:${one.start}`;

// What was judged for this query before: document and start -> grade. Null when it cannot be known.
export async function judgedFor(query) {
  if (!mayWrite()) return null;
  const sets = await get('/v1/lab/sets').catch(() => null);
  const own = sets && sets.items.find((one) => one.name === SET);
  if (!sets) return null;
  if (!own) return new Map();
  const found = await get(`/v1/lab/sets/${own.id}`, {query: query.trim()}).catch(() => null);
  return found && new Map(found.items.map((one) => [keyOf(one), one.grade]));
}

// The two thumbs of one result; `judged` is changed as they are pressed.
export function thumbs(query, result, judged) {
  const key = keyOf(result);
  const buttons = {};
  const paint = () => {
    const grade = judged.get(key);
    buttons.good.setAttribute('aria-pressed', String(grade > 0));
    buttons.bad.setAttribute('aria-pressed', String(grade === 0));
  };
  async function press(grade) {
    const before = judged.get(key);
    const next = before === grade ? null : grade;
    if (next === null) judged.delete(key);
    else judged.set(key, next);
    paint();
    try {
      await post('/v1/lab/judgements', {set: SET, query: query.trim(), document: result.document.id, start: result.start, end: result.end, grade: next});
      announce(t(next === null ? 'judge.taken_back' : 'judge.kept'));
    } catch (error) {
      if (before === undefined) judged.delete(key);
      else judged.set(key, before);
      paint();
      toast(error.message);
    }
  }
  const button = (name, grade) => h('button', {class: 'icon', tabindex: -1, 'aria-label': t(`judge.${name}`), title: t(`judge.${name}`), test: `judge-${name}`,
    onclick: () => press(grade)}, icon(name));
  buttons.good = button('good', 1);
  buttons.bad = button('bad', 0);
  paint();
  return h('span', {class: 'thumbs'}, buttons.good, buttons.bad);
}
