// labelset.js - one label set: its labels, what it learned from, how well it does, a collection put through it.
import {h, fill, cleanup} from '../dom.js';
import {t, number, percentText} from '../texts.js';
import {get, post, remove} from '../api.js';
import {state, mayWrite, on} from '../state.js';
import {top} from '../parts/top.js';
import {icon} from '../parts/icons.js';
import {problem} from '../parts/problem.js';
import {toast} from '../parts/toast.js';
import {field, formDialog} from '../parts/forms.js';
import {labelSetDialog, teachDialog} from '../parts/label_form.js';
import {accuracyChart, reliabilityChart, daysChart} from '../parts/label_charts.js';

const LOOK_MS = 1000;
const EXAMPLES_SHOWN = 30;
const percent = (share) => percentText(Math.round(100 * share));

function measureText(current) {
  if (!current.measured) return t('labels.unmeasured', {threshold: percent(current.threshold)});
  const text = current.threshold > 1 ? 'labels.asks_all' : 'labels.measured';
  return t(text, {accuracy: percent(current.accuracy), examples: number(current.examples), threshold: percent(current.threshold)});
}

class LabelSetView {
  constructor(root, {id}) {
    this.id = id;
    this.undo = cleanup();
    this.undo.add(() => [this.later, this.laterBatch].forEach((timer) => clearTimeout(timer)));
    this.actions = h('div', {class: 'row wrap'});
    this.head = top('\u00a0', h('a', {class: 'button small', href: '/labels'}, t('labels.back')));
    this.labels = h('ul', {class: 'label-list', test: 'label-list'});
    this.how = h('section', {test: 'label-how'});
    this.running = h('div', {});
    this.examples = h('ul', {class: 'lines', test: 'label-examples'});
    this.more = h('button', {class: 'more', hidden: true, onclick: () => this.loadExamples(), test: 'examples-more'}, t('labels.more'));
    this.body = h('div', {class: 'scroll pad labels'}, this.labels, this.actions, this.running, this.how,
      h('div', {class: 'row'}, h('h2', {}, t('labels.examples')), mayWrite() && h('button', {class: 'small', onclick: () => this.teach(), test: 'teach'}, t('labels.teach'))), this.examples, this.more);
    fill(root, this.head.element, this.body);
    this.undo.add(on('event:work', ({subject, state: now}) => { if (this.one && subject === this.one.id && now === 'done') this.loadHow().catch(() => null); }));
    this.load();
  }

  async load() {
    try {
      this.one = await get(`/v1/label-sets/${encodeURIComponent(this.id)}`);
      this.paint();
      await Promise.all([this.loadHow(), this.loadExamples(true)]);
    } catch (error) {
      fill(this.body, problem(error, () => this.load()));
    }
  }

  paint() {
    const {one} = this;
    this.head.heading.textContent = one.name;
    document.title = `${one.name} · ${t('name')}`;
    fill(this.actions, one.asked > 0 && h('a', {class: 'button small primary', href: `/labels/asked?set=${one.id}`, test: 'set-asked'}, t('labels.decide', {count: one.asked})),
      mayWrite() && [h('button', {class: 'small', onclick: () => this.run(), test: 'label-run'}, t('labels.run')), h('button', {class: 'small', onclick: () => labelSetDialog(one, () => this.load()), test: 'set-edit'}, t('labels.edit'))]);
    fill(this.labels, one.labels.map((label) => h('li', {}, h('b', {}, label.name), label.description && h('small', {}, label.description))));
  }

  // What is learned in the background shows as soon as it is there.
  async loadHow() {
    const how = await get(`/v1/label-sets/${this.one.id}/accuracy`);
    const {current} = how;
    fill(this.how, h('h2', {}, t('labels.how')), h('p', {class: 'lead', test: 'label-measured'}, current ? `${t(`labels.way_${current.way}`)}. ${measureText(current)}.` : t('labels.untrained')),
      !how.up_to_date && this.one.examples > 0 && h('p', {role: 'status'}, t('labels.learning')),
      h('div', {class: 'label-figures'}, current && reliabilityChart(current), accuracyChart(how.trainings), daysChart(how.days)),
      current && current.confusions.length > 0 && [h('h3', {}, t('labels.confusions')), h('ul', {class: 'lines'}, current.confusions.map((one) =>
        h('li', {class: 'line'}, h('span', {class: 'line-name'}, t('labels.confusion', one)), h('span', {class: 'number'}, t('labels.times', {count: one.count})))))]);
    clearTimeout(this.later);
    if (!how.up_to_date && this.one.examples > 0) this.later = setTimeout(() => this.loadHow().catch(() => null), 2 * LOOK_MS);
  }

  exampleRow(one) {
    const row = h('li', {class: 'line', test: 'label-example'}, h('span', {class: 'line-name'}, h('b', {}, one.labels.join(', ') || '–'), h('small', {title: one.text}, one.text)),
      h('span', {class: 'chip'}, t(`labels.source_${one.source}`)),
      mayWrite() && h('button', {class: 'icon', 'aria-label': t('labels.forget'), title: t('labels.forget'), test: 'example-forget', onclick: async () => {
        await remove(`/v1/label-sets/${this.one.id}/examples/${one.id}`).then(() => this.load(), (error) => toast(error.message));
      }}, icon('trash')));
    return row;
  }

  async loadExamples(anew) {
    const page = await get(`/v1/label-sets/${this.one.id}/examples`, {limit: EXAMPLES_SHOWN, after: anew ? '' : this.next});
    this.next = page.next;
    this.more.hidden = !page.next;
    if (anew) fill(this.examples, !page.items.length && h('li', {class: 'lead'}, t('labels.examples_none')));
    this.examples.append(...page.items.map((one) => this.exampleRow(one)));
  }

  teach() {
    teachDialog(this.one, (count) => {
      toast(t('labels.taught', {count}));
      this.load();
    });
  }

  run() {
    formDialog({
      title: t('labels.run'), submit: t('labels.run_do'), test: 'run-form',
      fields: [field({name: 'collection', label: t('labels.collection'), options: state.collections.map((where) => [where.id, where.name])})],
      send: async ({collection}) => this.follow(await post('/v1/classification-batches', {label_set: this.one.id, collection})),
    });
  }

  stopOf(batch) {
    return h('button', {class: 'small', onclick: () => post(`/v1/classification-batches/${batch.id}/cancel`).catch((error) => toast(error.message)), test: 'label-run-cancel'}, t('do.cancel'));
  }

  // The button is one for the whole batch, so none disappears under a pointer.
  follow(batch, stop = this.stopOf(batch), row = h('div', {class: 'row', role: 'status', test: 'label-running'})) {
    const over = batch.state !== 'running';
    const words = t('labels.run_state', {done: number(batch.done), total: number(batch.total), failed: number(batch.failed)});
    fill(this.running, fill(row, h('span', {}, words), batch.error && h('span', {data: {tone: 'bad'}}, batch.error.message), h('progress', {max: batch.total, value: batch.done + batch.failed + batch.cancelled, 'aria-label': words}),
      !over && stop));
    if (over) this.load();
    else this.laterBatch = setTimeout(() => get(`/v1/classification-batches/${batch.id}`).then((next) => this.follow(next, stop, row), (error) => toast(error.message)), LOOK_MS);
  }
}

export function render(root, params) {
  const view = new LabelSetView(root, params);
  return {cleanup: view.undo, title: t('labels.title'), focus: view.head.heading};
}
