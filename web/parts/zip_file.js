// zip_file.js - the members of a ZIP file that somebody has chosen, one at a time, without holding it in memory. Whoever made
// the file is not trusted: what lies outside of it, breaks off, or has other bytes than it says, is an error. APPNOTE.TXT 6.3.
import {t} from '../texts.js';
import {ApiError} from '../api.js';

const END_BYTES = 22;
const END64_BYTES = 56;
const LOCATOR_BYTES = 20;
const HEAD_BYTES = 46;
const LOCAL_BYTES = 30;
const COMMENT_MAX = 65535;
const DIRECTORY_MAX = 256 * 1024 * 1024;
const GROWTH_MAX = 200;  // as `lectern import`: a file may hold 200 times its own size
const SMALL = 1024 * 1024;
const STORED = 0;
const DEFLATED = 8;
const FULL = 0xffffffff;

const damaged = () => new ApiError('damaged', t('imports.damaged'), 0);

const CRC = new Uint32Array(256).map((_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

function crcOn(crc, bytes) {
  for (let i = 0; i < bytes.length; i++) crc = CRC[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return crc;
}

// Ends in an error when more or other bytes come than the directory says.
function checked(entry) {
  let crc = FULL;
  let size = 0;
  return new TransformStream({
    transform(bytes, out) {
      size += bytes.length;
      if (size > entry.size) throw damaged();
      crc = crcOn(crc, bytes);
      out.enqueue(bytes);
    },
    flush() {
      if (size !== entry.size || ((crc ^ FULL) >>> 0) !== entry.crc) throw damaged();
    },
  });
}

async function viewOf(file, at, length) {
  if (at < 0 || at + length > file.size) throw damaged();
  return new DataView(await file.slice(at, at + length).arrayBuffer());
}

const wide = (view, at) => Number(view.getBigUint64(at, true));

// {at, length} of the directory: from the last record of the file, or of the one for large files before it.
async function directoryOf(file) {
  const length = Math.min(file.size, END_BYTES + COMMENT_MAX);
  const from = file.size - length;
  const tail = await viewOf(file, from, length);
  let end = length - END_BYTES;
  while (end >= 0 && tail.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0) throw new ApiError('invalid', t('imports.no_zip'), 0);
  const place = {length: tail.getUint32(end + 12, true), at: tail.getUint32(end + 16, true)};
  const locator = end - LOCATOR_BYTES;
  if (locator < 0 || tail.getUint32(locator, true) !== 0x07064b50) return place;
  const end64 = await viewOf(file, wide(tail, locator + 8), END64_BYTES);
  if (end64.getUint32(0, true) !== 0x06064b50) throw damaged();
  return {length: wide(end64, 40), at: wide(end64, 48)};
}

// Sizes and places of 4 GiB and more stand in an extra field, in this order, each only where its own place is full.
function widen(entry, extra) {
  for (let at = 0; at + 4 <= extra.byteLength; at += 4 + extra.getUint16(at + 2, true)) {
    if (extra.getUint16(at, true) !== 1) continue;
    const end = Math.min(at + 4 + extra.getUint16(at + 2, true), extra.byteLength);
    let next = at + 4;
    for (const name of ['size', 'packed', 'at']) {
      if (entry[name] !== FULL || next + 8 > end) continue;
      entry[name] = wide(extra, next);
      next += 8;
    }
  }
}

function entryAt(view, at) {
  if (at + HEAD_BYTES > view.byteLength || view.getUint32(at, true) !== 0x02014b50) throw damaged();
  const [name, extra, comment] = [28, 30, 32].map((place) => view.getUint16(at + place, true));
  const next = at + HEAD_BYTES + name + extra + comment;
  if (next > view.byteLength) throw damaged();
  const entry = {name: new TextDecoder().decode(new Uint8Array(view.buffer, at + HEAD_BYTES, name)), isLocked: view.getUint16(at + 8, true) & 1, method: view.getUint16(at + 10, true),
                 crc: view.getUint32(at + 16, true), packed: view.getUint32(at + 20, true), size: view.getUint32(at + 24, true), at: view.getUint32(at + 42, true)};
  widen(entry, new DataView(view.buffer, at + HEAD_BYTES + name, extra));
  return {entry, next};
}

function unpacked(entry, blob) {
  if (entry.method === STORED) return blob.stream();
  if (entry.method !== DEFLATED || entry.isLocked) throw new ApiError('unsupported', t('imports.method'), 0);
  return blob.stream().pipeThrough(new DecompressionStream('deflate-raw'));
}

// Returns {has(name), stream(name), blob(name)}; streams are of bytes.
export async function openZip(file) {
  if (!('DecompressionStream' in window)) throw new ApiError('unsupported', t('imports.old_browser'), 0);
  const place = await directoryOf(file);
  if (place.length > DIRECTORY_MAX) throw damaged();
  const view = await viewOf(file, place.at, place.length);
  const entries = new Map();
  let total = 0;
  for (let at = 0; at < view.byteLength;) {
    const {entry, next} = entryAt(view, at);
    entries.set(entry.name, entry);
    total += entry.size;
    at = next;
  }
  if (total > Math.max(file.size, SMALL) * GROWTH_MAX) throw new ApiError('too_large', t('imports.growth', {times: GROWTH_MAX}), 0);

  async function stream(name) {
    const entry = entries.get(name);
    if (!entry) throw new ApiError('not_found', t('imports.missing', {name}), 0);
    const local = await viewOf(file, entry.at, LOCAL_BYTES);
    const from = entry.at + LOCAL_BYTES + local.getUint16(26, true) + local.getUint16(28, true);
    if (local.getUint32(0, true) !== 0x04034b50 || from + entry.packed > file.size) throw damaged();
    return unpacked(entry, file.slice(from, from + entry.packed)).pipeThrough(checked(entry));
  }
  // A stream of the browser that fails has words of its own, for programmers.
  const blob = async (name) => new Response(await stream(name)).blob().catch(() => { throw damaged(); });
  return {has: (name) => entries.has(name), stream, blob};
}

// Lines of a member, none of it; a line that is too long is damage.
export async function* linesOf(zip, name, most) {
  if (!zip.has(name)) return;
  const reader = (await zip.stream(name)).pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const {done, value} = await reader.read().catch(() => { throw damaged(); });
    const parts = (rest + (value || '')).split('\n');
    rest = done ? '' : parts.pop();
    if (rest.length > most) throw damaged();
    for (const line of parts) if (line) yield line;
    if (done) return;
  }
}
