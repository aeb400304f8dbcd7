// fragment.js - a document's HTML, rebuilt from a short list of elements. Nothing of the original's attributes survives
// but spans, the passage's mark, the list's start and a page's number: a document can neither run nor load anything here.

const KEPT = new Set(['P', 'H1', 'H2', 'H3', 'H4', 'H5', 'H6', 'UL', 'OL', 'LI', 'TABLE', 'THEAD', 'TBODY', 'TFOOT', 'TR', 'TD', 'TH', 'CAPTION',
  'PRE', 'CODE', 'BLOCKQUOTE', 'STRONG', 'B', 'EM', 'I', 'U', 'S', 'SUB', 'SUP', 'BR', 'HR', 'MARK', 'DL', 'DT', 'DD', 'FIGURE', 'FIGCAPTION',
  'SECTION', 'ARTICLE', 'ASIDE', 'DIV', 'SPAN', 'HEADER', 'FOOTER', 'DETAILS', 'SUMMARY', 'SMALL', 'KBD']);
const DROPPED = new Set(['SCRIPT', 'STYLE', 'TEMPLATE', 'IFRAME', 'OBJECT', 'EMBED', 'SVG', 'MATH', 'LINK', 'META', 'TITLE', 'NOSCRIPT']);
const MOST_NODES = 40000;

function copyAttributes(from, to, options) {
  for (const name of ['colspan', 'rowspan', 'start']) {
    const value = Number.parseInt(from.getAttribute(name), 10);
    if (value > 0 && value <= 1000) to.setAttribute(name, String(value));
  }
  if (from.tagName === 'MARK' && from.id === 'passage') to.classList.add('passage');
  // The document's headings are not headings of this page's outline.
  if (/^H[1-6]$/.test(from.tagName)) to.setAttribute('aria-level', String(Math.min(6, Number(from.tagName[1]) + 2)));
  if (options.pages && from.tagName === 'HR' && from.dataset.page) to.dataset.page = String(Number.parseInt(from.dataset.page, 10));
  const label = from.dataset && from.dataset.label;
  const item = /(?:^|\s)level-([1-9])/.exec(from.className || '');
  if (from.tagName === 'DIV' && item) {
    to.className = `item level-${item[1]}`;
    to.dataset.marker = label && label.length < 12 ? label : '•';
  }
  if (from.tagName === 'ASIDE' && label) to.dataset.label = label.slice(0, 60);
}

// What was found is shown wherever it stands.
const isUnwanted = (element, options) => DROPPED.has(element.tagName.toUpperCase())
  || ((options.without || []).some((name) => element.classList.contains(name)) && !element.querySelector('mark'));

function rebuild(node, into, budget, options) {
  for (const child of node.childNodes) {
    if (budget.left-- <= 0) return;
    if (child.nodeType === Node.TEXT_NODE) into.append(child.data);
    else if (child.nodeType === Node.ELEMENT_NODE && !isUnwanted(child, options)) {
      const kept = KEPT.has(child.tagName) ? document.createElement(child.tagName) : null;
      if (kept) {
        copyAttributes(child, kept, options);
        into.append(kept);
      }
      rebuild(child, kept || into, budget, options);
    }
  }
}

// Returns {fragment, complete}; a parsed document has no browsing context, so parsing it loads and runs nothing.
// without: kinds of blocks that are shown elsewhere; pages: rules between pages keep their number.
export function fromHtml(html, options = {}) {
  const parsed = new DOMParser().parseFromString(html, 'text/html');
  const fragment = document.createDocumentFragment();
  const budget = {left: MOST_NODES};
  rebuild(parsed.body, fragment, budget, options);
  return {fragment, complete: budget.left > 0};
}
