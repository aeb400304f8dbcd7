// picture.js - page pictures: loaded when they come near, marked where the passage is.
import {h, fill} from '../dom.js';
import {t} from '../texts.js';
import {call, address, get} from '../api.js';

const SAMPLE_WIDTH = 120;  // enough to see a marked line, cheap to look through
const QUOTE_MOST = 600;    // a longer quote makes no better mark, and addresses have limits

function pageAddress(id, page, {width, quote, version}) {
  return address(`/v1/documents/${id}/pages/${page}.png`, {width, quote: quote ? quote.slice(0, QUOTE_MOST) : '', version});
}

// Pictures come in a few widths, so that the server's cache is of use.
function widthFor(element) {
  const wanted = (element.clientWidth || 600) * Math.min(2, devicePixelRatio || 1);
  return [600, 900, 1200, 1600].find((width) => width >= wanted * 0.9) || 1600;
}

// Where the first marked line is, as a part of the page's height; null when no pixel has a marker's colour.
async function markTop(blob) {
  const bitmap = await createImageBitmap(blob, {resizeWidth: SAMPLE_WIDTH, resizeQuality: 'low'});
  const canvas = h('canvas', {width: bitmap.width, height: bitmap.height});
  const context = canvas.getContext('2d', {willReadFrequently: true});
  context.drawImage(bitmap, 0, 0);
  const {data} = context.getImageData(0, 0, bitmap.width, bitmap.height);
  for (let y = 0; y < bitmap.height; y++) {
    let yellow = 0;
    for (let x = 0; x < bitmap.width; x++) {
      const at = 4 * (y * bitmap.width + x);
      if (data[at] > 150 && data[at + 1] > 130 && data[at] - data[at + 2] > 50 && Math.abs(data[at] - data[at + 1]) < 70) yellow++;
    }
    if (yellow >= 3) return y / bitmap.height;
  }
  return null;
}

// The page that is cited: fetched, so that we learn whether it could be marked. Returns {marked, top}.
export async function loadMarked(image, id, page, {width, quote, version, signal}) {
  const response = await call('GET', pageAddress(id, page, {width, quote, version}), {signal, headers: {Accept: 'image/png'}});
  const blob = await response.blob();
  const url = URL.createObjectURL(blob);
  image.src = url;
  await image.decode().catch(() => {});
  URL.revokeObjectURL(url);
  const marked = Number(response.headers.get('X-Marked') || 0);
  return {marked, top: marked > 0 ? await markTop(blob).catch(() => null) : null};
}

// A stack of page frames of the right shape; a picture is asked for when its frame comes near. A frame knows its page.
// version: an earlier one.
export async function pageStack(root, id, {signal, onpage, fetchOne, version} = {}) {
  const {count, sizes} = await get(`/v1/documents/${id}/pages`, {version}, signal);
  const width = widthFor(root);
  const frames = Array.from({length: count}, (_, i) => {
    const [w, h_] = sizes[i] || sizes[0] || [595, 842];
    const image = h('img', {alt: t('reader.page_picture', {page: i + 1}), decoding: 'async'});
    const frame = h('div', {class: 'sheet', data: {page: i + 1}, test: 'page'}, image);
    frame.style.setProperty('--shape', `${w} / ${h_}`);
    return frame;
  });
  fill(root, frames);
  const near = new IntersectionObserver((seen) => {
    for (const {isIntersecting, target} of seen) {
      if (!isIntersecting || target.dataset.asked) continue;
      target.dataset.asked = 'yes';
      const page = Number(target.dataset.page);
      if (!fetchOne || !fetchOne(target, page, width)) load(target, pageAddress(id, page, {width, version}));
    }
  }, {root: root.closest('.scroll'), rootMargin: '600px 0px'});
  const middle = new IntersectionObserver((seen) => {
    const now = seen.find((one) => one.isIntersecting);
    if (now && onpage) onpage(Number(now.target.dataset.page), count);
  }, {root: root.closest('.scroll'), rootMargin: '-45% 0px -54% 0px'});
  frames.forEach((frame) => { near.observe(frame); middle.observe(frame); });
  const stop = () => { near.disconnect(); middle.disconnect(); };
  return {count, frames, width, stop};
}

function load(frame, url) {
  const image = frame.querySelector('img');
  image.addEventListener('load', () => { frame.dataset.loaded = 'yes'; }, {once: true});
  image.addEventListener('error', () => {
    frame.dataset.loaded = 'no';
    frame.append(h('p', {class: 'sheet-note'}, t('reader.page_failed')));
  }, {once: true});
  image.src = url;
}
