// media.js - sound and video in the browser's own player, with what is said beside it: press a line to hear it.
import {h, fill, bringTo} from '../dom.js';
import {t, clock, clockSeconds} from '../texts.js';
import {allBlocks, holds} from './blocks.js';

// The lines of a recording: {start, end} in seconds, text, and the bytes they are in the text.
async function linesOf(one, signal) {
  const blocks = await allBlocks(one.id, {signal});
  return blocks.filter((block) => block.place.end_ms > 0 && block.kind !== 'meta').map((block) => ({
    from: (block.place.start_ms || 0) / 1000, to: block.place.end_ms / 1000, text: block.text, start: block.start, length: block.length, level: block.level,
  }));
}

function playerFor(one) {
  const video = one.family === 'video';
  return h(video ? 'video' : 'audio', {controls: true, preload: 'metadata', class: 'player', 'aria-label': one.name, playsinline: true,
    src: `/v1/documents/${one.id}/original?inline=1`, test: 'player'});
}

// The last line that has begun; lines are in the order of time.
function lineAt(lines, seconds) {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lines[middle].from <= seconds + 0.05) low = middle + 1;
    else high = middle;
  }
  const line = low - 1;
  return line >= 0 && seconds <= lines[line].to + 1 ? line : -1;
}

function speaker(text) {
  const found = /^([\p{L}][\p{L}\p{N} .'-]{0,40}):\s+(?=\S)/u.exec(text);
  return found ? [h('b', {}, found[1]), text.slice(found[1].length)] : text;
}

function transcript(lines, {play, marked}) {
  return h('ol', {class: 'spoken', 'aria-label': t('media.transcript'), test: 'transcript'}, lines.map((line, i) =>
    h('li', {}, h(play ? 'button' : 'div', {class: 'spoken-line', data: {line: i, ...(marked(line) ? {cited: 'yes'} : {})}, 'aria-label': play ? `${t('media.from', {time: clock(line.from)})}: ${line.text}` : null,
      onclick: play && (() => play(line)), test: 'line'}, h('time', {class: 'number'}, clock(line.from)), h('span', {}, marked(line) ? h('mark', {class: 'passage'}, line.text) : speaker(line.text))))));
}

// root: an element that scrolls holds it. cited: {start, end, place} of a passage; it is marked, and playing begins there.
export async function showMedia(root, one, {signal, cited, undo} = {}) {
  const lines = await linesOf(one, signal);
  const player = one.family === 'sound' || one.family === 'video' ? playerFor(one) : null;
  const hasRange = cited && cited.start !== undefined && cited.start !== null && cited.end > cited.start;
  const marked = (line) => Boolean(hasRange && holds(line, Number(cited.start), Number(cited.end)));
  const play = player && ((line) => {
    player.currentTime = line.from;
    player.play().catch(() => {});
  });
  const list = lines.length ? transcript(lines, {play, marked}) : player && h('p', {class: 'spoken-none', test: 'no-transcript'}, t('media.none'));
  const failed = h('p', {class: 'spoken-none', hidden: true, role: 'alert', test: 'player-failed'}, t('media.failed'));
  const box = h('div', {class: 'media', data: {kind: one.family || 'document'}}, player && h('div', {class: 'player-box'}, player, failed), list);
  fill(root, box);
  const first = lines.find(marked);
  const from = first ? first.from : cited ? clockSeconds(cited.place) : null;
  if (player) follow(player, lines, list, {from, failed, undo});
  bringTo(box.querySelector('[data-cited]'));
}

// The line that is heard is marked, and kept in sight as long as the person does not scroll elsewhere.
function follow(player, lines, list, {from, failed, undo}) {
  let shown = -1;
  let idle = 0;
  const rows = lines.length ? [...list.querySelectorAll('.spoken-line')] : [];
  player.addEventListener('error', () => { failed.hidden = false; });
  if (from !== null && from !== undefined) {
    player.addEventListener('loadedmetadata', () => { player.currentTime = from; }, {once: true});
  }
  const leaveAlone = () => { idle = Date.now() + 4000; };
  ['wheel', 'touchmove', 'keydown'].forEach((type) => list && list.addEventListener(type, leaveAlone, {passive: true}));
  const heard = () => {
    const now = lineAt(lines, player.currentTime);
    if (now === shown) return;
    if (rows[shown]) rows[shown].removeAttribute('aria-current');
    shown = now;
    if (!rows[now]) return;
    rows[now].setAttribute('aria-current', 'true');
    if (!player.paused && Date.now() > idle) rows[now].scrollIntoView({block: 'nearest'});
  };
  player.addEventListener('timeupdate', heard);
  player.addEventListener('seeked', heard);
  if (undo) {
    undo(() => {
      player.pause();
      player.removeAttribute('src');
      player.load();
    });
  }
}
