// icons.js - the few drawings beside words. Each is a path on a grid of 24; none ever stands without a name.
import {t} from '../texts.js';

const SVG = 'http://www.w3.org/2000/svg';

const PATHS = {
  brand: 'M3 7l9-4 9 4-9 4zM12 11v10M8 21h8',
  library: 'M4 5h5v14H4zM9 5h5v14H9zM15 6l4-1 3 13-4 1z',
  ask: 'M4 5h16v11H9l-5 4z',
  search: 'M11 5a6 6 0 100 12 6 6 0 000-12zM16 16l5 5',
  study: 'M3 9l9-4 9 4-9 4zM7 11v5c0 1.500 2 3 5 3s5-1.500 5-3v-5M21 9v6',
  label: 'M4 4h8l9 9-8 8-9-9zM8 8h.01',
  talks: 'M3 5h12v8H8l-5 4zM18 9h3v11l-4-3h-6',
  settings: 'M12 9a3 3 0 100 6 3 3 0 000-6zM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.2 2.2M16.2 16.2l2.2 2.2M18.4 5.6l-2.2 2.2M7.8 16.2l-2.2 2.2',
  file: 'M6 3h8l4 4v14H6zM14 3v4h4',
  folder: 'M3 6h6l2 2h10v11H3z',
  add: 'M12 5v14M5 12h14',
  close: 'M6 6l12 12M18 6L6 18',
  back: 'M14 6l-6 6 6 6',
  next: 'M10 6l6 6-6 6',
  down: 'M6 10l6 6 6-6',
  up: 'M6 14l6-6 6 6',
  retry: 'M5 12a7 7 0 112 5M5 19v-4h4',
  trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  good: 'M7 11v9H4v-9zM7 11l4-7c2 0 3 1 2.5 3L13 10h6l-1.500 10H7',
  bad: 'M7 13V4H4v9zM7 13l4 7c2 0 3-1 2.500-3L13 14h6l-1.500-10H7',
  copy: 'M8 8h11v12H8zM5 16V4h11',
  check: 'M4 12l5 5L20 6',
  notice: 'M12 4a8 8 0 100 16 8 8 0 000-16zM12 11v5M12 8h.01',
  pin: 'M9 4h6l-1 6 4 4H6l4-4zM12 14v6',
  lock: 'M6 11h12v9H6zM9 11V8a3 3 0 016 0v3',
  document: 'M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6',
  sheet: 'M4 5h16v14H4zM4 10h16M4 14.500h16M10 5v14',
  slides: 'M4 5h16v11H4zM12 16v4M8 20h8',
  mail: 'M4 6h16v12H4zM4 7l8 6 8-6',
  picture: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01',
  sound: 'M4 10v4h3l5 4V6l-5 4zM16 9a4 4 0 010 6M18.500 6.500a8 8 0 010 11',
  video: 'M4 6h11v12H4zM15 11l5-3v8l-5-3',
  archive: 'M4 4h16v5H4zM5 9v11h14V9M10 13h4',
  data: 'M12 4c4 0 7 1 7 3s-3 3-7 3-7-1-7-3 3-3 7-3zM5 7v10c0 2 3 3 7 3s7-1 7-3V7M5 12c0 2 3 3 7 3s7-1 7-3',
  code: 'M9 7l-5 5 5 5M15 7l5 5-5 5',
  alike: 'M4 4h10v10H4zM10 10h10v10H10z',
  work: 'M4 4h6v5H4zM14 15h6v5h-6zM7 9v8.500h7M10 6.500h7V15',
  microphone: 'M12 4a3 3 0 00-3 3v4a3 3 0 006 0V7a3 3 0 00-3-3zM6 11a6 6 0 0012 0M12 17v3M9 20h6',
  edit: 'M4 20l1-5L16 4l4 4L9 19zM13.500 6.500l4 4',
  open: 'M14 4h6v6M20 4l-9 9M18 14v6H4V6h6',
};

export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}

// The sign of what not everybody sees.
export function lockSign(one) {
  if (!one.restricted) return null;
  const sign = icon('lock');
  for (const [name, value] of [['class', 'family'], ['role', 'img'], ['aria-label', t('access.restricted')], ['data-test', 'restricted']]) sign.setAttribute(name, value);
  sign.removeAttribute('aria-hidden');
  return sign;
}
