// page_rules.js - what every view must keep to, measured in the page as it stands: returns a list of sentences, one for each breach.
async (isTouch) => {
  // Colours that still fade are nobody's choice.
  await Promise.all(document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime < Infinity).map((one) => one.finished.catch(() => null)));
  const found = [];
  const say = (rule, element, what) => found.push(`${rule}: ${what} (${[element.tagName.toLowerCase(), element.dataset.test && `[${element.dataset.test}]`, element.className && `.${element.className}`].filter(Boolean).join('')} "${(element.textContent || element.value || '').trim().slice(0, 40)}")`);
  const isShown = (element) => element.checkVisibility({opacityProperty: true, visibilityProperty: true}) && element.getBoundingClientRect().width > 1 && !element.closest('.skip');

  // Colours over what lies behind them.
  const canvas = Object.assign(document.createElement('canvas'), {width: 1, height: 1}).getContext('2d', {willReadFrequently: true});
  const parse = (text) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3]) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), parse(getComputedStyle(document.body).backgroundColor));
  };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);

  const hasOwnText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  for (const element of document.querySelectorAll('body *')) {
    if (!hasOwnText(element) || !isShown(element) || element.closest('[disabled], [aria-hidden=true], svg, .mirror, option')) continue;
    const style = getComputedStyle(element);
    const below = behind(element);
    const ratio = contrast(over(parse(style.color), below), below);
    const isLarge = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5) - 0.01) say('contrast', element, `${ratio.toFixed(2)} of ${style.color}`);
  }

  if (document.scrollingElement.scrollWidth > innerWidth) found.push(`sideways: the page is ${document.scrollingElement.scrollWidth} wide of ${innerWidth}`);
  for (const element of document.querySelectorAll('.scroll')) {
    if (isShown(element) && element.scrollWidth > element.clientWidth + 1) {
      const wide = [...element.querySelectorAll('*')].filter((one) => isShown(one) && !one.closest('.wide-table, .tabs, .filters, pre') && one.getBoundingClientRect().right > element.getBoundingClientRect().right + 1).pop();
      say('sideways', wide || element, `what scrolls is ${element.scrollWidth} wide of ${element.clientWidth}`);
    }
  }

  const controls = [...document.querySelectorAll('a[href], button, input, select, textarea, summary')].filter(isShown);
  for (const element of controls) {
    const labels = element.labels ? [...element.labels].map((one) => one.textContent).join('') : '';
    const own = element.matches('input, select, textarea') ? '' : element.textContent;
    if (!(element.getAttribute('aria-label') || element.title || own || labels).trim() && !element.getAttribute('aria-labelledby')) say('name', element, 'has no name');
    const box = element.getBoundingClientRect();
    const around = element.closest('label') || (element.matches('input[type=checkbox]') && element.labels[0]);
    const target = around ? around.getBoundingClientRect() : box;
    const isInLine = element.matches('a, .cite, .link') && getComputedStyle(element).display.startsWith('inline') && hasOwnText(element.parentElement);
    if (isTouch && !isInLine && Math.max(target.height, box.height) < 40 && !element.matches('.cite')) say('target', element, `${Math.round(target.height)} px tall`);
  }

  // What of an element can be seen within what scrolls or cuts around it; isCut: a part at its side that no scrolling brings back.
  const seen = (element) => {
    const box = element.getBoundingClientRect();
    let [left, right, top, bottom, isCut] = [box.left, box.right, box.top, box.bottom, box.left < -1 || box.right > innerWidth + 1];
    for (let at = element.parentElement; at && at !== document.body; at = at.parentElement) {
      const style = getComputedStyle(at), around = at.getBoundingClientRect();
      if (style.overflowX === 'visible' && style.overflowY === 'visible') continue;
      if (/auto|scroll/.test(style.overflowX) && at.scrollWidth > at.clientWidth) isCut = false;
      else if (box.right > around.right + 1 || box.left < around.left - 1) isCut = true;
      [left, right, top, bottom] = [Math.max(left, around.left), Math.min(right, around.right), Math.max(top, around.top), Math.min(bottom, around.bottom)];
    }
    return {left, right, top, bottom, isCut};
  };
  const layerOf = (element) => {
    for (let at = element; at; at = at.parentElement) if (at.matches('dialog') || /fixed|sticky|absolute/.test(getComputedStyle(at).position)) return at;
    return null;
  };
  const open = document.querySelector('dialog[open]');
  const placed = controls.filter((one) => !open && !one.matches('.cite')).map((element) => ({element, layer: layerOf(element), ...seen(element)}))
    .filter((one) => one.right - one.left > 2 && one.bottom - one.top > 2);
  for (const one of placed) if (one.isCut) say('cut', one.element, 'reaches beyond what can be seen');
  placed.forEach((a, i) => placed.slice(i + 1).forEach((b) => {
    if (a.layer !== b.layer || a.element.contains(b.element) || b.element.contains(a.element)) return;
    const [wide, tall] = [Math.min(a.right, b.right) - Math.max(a.left, b.left), Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)];
    if (wide > 3 && tall > 3) say('overlap', a.element, `lies ${Math.round(wide)} x ${Math.round(tall)} px over "${(b.element.getAttribute('aria-label') || b.element.textContent || b.element.name || '').trim().slice(0, 30)}"`);
  }));

  const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
  for (const id of new Set(ids.filter((one, i) => ids.indexOf(one) !== i))) found.push(`id: ${id} stands twice`);
  for (const element of document.querySelectorAll('[aria-describedby], [aria-labelledby], [aria-controls]')) {
    for (const name of ['aria-describedby', 'aria-labelledby', 'aria-controls']) for (const id of (element.getAttribute(name) || '').split(' ').filter(Boolean)) if (!document.getElementById(id)) say('id', element, `${name} leads to no ${id}`);
  }
  const headings = [...document.querySelectorAll('h1, h2, h3, h4')].filter(isShown);
  if (headings.filter((one) => one.matches('h1')).length !== 1) found.push(`heading: ${headings.filter((one) => one.matches('h1')).length} of the first level`);
  for (const element of document.querySelectorAll('img:not([alt]), table:not(:has(th)), [role=img]:not([aria-label])')) say('name', element, 'says nothing to who cannot see it');
  for (const element of document.querySelectorAll('body *')) if (hasOwnText(element) && isShown(element) && /\b(undefined|null|NaN|Invalid Date|\[object)\b/.test(element.textContent) && !element.closest('pre, textarea')) say('text', element, 'shows what nobody wrote');
  for (const element of document.querySelectorAll('body *')) if (hasOwnText(element) && isShown(element) && /^[a-z_]+\.[a-z_]+$/.test(element.textContent.trim()) && !element.closest('pre, code, dd, th, td, .doc, .result, .reader, .line-name, .chip')) say('text', element, 'a text is missing');
  return found;
}
