// stages.js - a document's state in words, the same words in the tray, the library and the document.
import {t, number, bytes, clock, has} from '../texts.js';

const TIMED = new Set(['speech']);  // counted in seconds of the recording

function reading(progress) {
  if (progress.total) return t('stage.reading_of', {done: progress.done, total: progress.total});
  return progress.done ? t('stage.reading_at', {done: progress.done}) : t('stage.reading');
}

function running(item) {
  const progress = item.progress || {};
  const stage = progress.stage || (item.job ? 'working' : item.state === 'extracting' ? 'reading' : 'indexing');
  if (stage === 'reading' && !item.job) return reading(progress);
  // The server waits for a free hand, not for the file.
  if (stage === 'waiting') return t('stage.queued');
  const words = has(`stage.${stage}`) ? t(`stage.${stage}`) : stage;
  if (TIMED.has(stage) && progress.total) return t('stage.counted', {words, done: clock(progress.done), total: clock(progress.total)});
  return progress.total ? t('stage.counted', {words, done: progress.done, total: progress.total}) : words;
}

function failure(item) {
  if (item.error && item.error.code === 'encrypted') return t(item.tried ? 'stage.wrong_password' : 'stage.encrypted');
  const message = (item.error && item.error.message) || t(item.job ? 'stage.job_failed' : 'stage.failed');
  // The row has the name already.
  const name = `${item.name}: `;
  return message.toLowerCase().startsWith(name.toLowerCase()) ? message.slice(name.length) : message;
}

const ENDS = {
  waiting: () => ({text: t('stage.waiting'), tone: ''}),
  sending: (item) => ({text: t('stage.sending', {loaded: bytes(item.loaded), total: bytes(item.total)}), tone: ''}),
  queued: () => ({text: t('stage.queued'), tone: ''}),
  done: () => ({text: t('stage.done'), tone: 'good'}),
  ready: () => ({text: t('stage.ready'), tone: 'good'}),
  duplicate: () => ({text: t('stage.duplicate'), tone: 'good'}),
  cancelled: () => ({text: t('stage.cancelled'), tone: ''}),
  failed: (item) => ({text: failure(item), tone: 'bad'}),
  refused: (item) => ({text: failure(item), tone: 'bad'}),
};

// {text, tone: ''|'good'|'bad'}; a document is "searchable" the moment it is, whatever still runs.
export function stageOf(item) {
  if (ENDS[item.state]) return ENDS[item.state](item);
  const words = running(item);
  return item.searchable ? {text: t('stage.searchable_and', {words}), tone: 'good'} : {text: words, tone: ''};
}

export const pagesOf = ({pages, family}) => (pages ? t(family === 'slides' ? 'count.slides' : 'count.pages', {count: pages, shown: number(pages)}) : '');
