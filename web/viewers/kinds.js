// kinds.js - which module shows a document of a kind; the view of a document and the reader beside an answer ask here.

const MAIL = new Set(['email', 'msg', 'tnef', 'smime']);

// Modules are fetched when the first such document is opened.
const VIEWERS = {
  sheet: {shows: (one) => one.family === 'sheet' && !one.paged, run: async (...all) => (await import('./sheet.js')).showSheets(...all)},
  slides: {shows: (one) => one.family === 'slides' && !one.paged, run: async (...all) => (await import('./slides.js')).showSlides(...all)},
  mail: {shows: (one) => MAIL.has(one.format), run: async (...all) => (await import('./mail.js')).showMail(...all)},
  code: {shows: (one) => one.family === 'code' && one.format !== 'ipynb', run: async (...all) => (await import('./code.js')).showCode(...all)},
  transcript: {shows: (one) => one.format === 'subtitles', run: async (...all) => (await import('./media.js')).showMedia(...all)},
  media: {shows: (one) => one.family === 'sound' || one.family === 'video', run: async (...all) => (await import('./media.js')).showMedia(...all)},
};

// The name of the viewer for a document; null: it is shown as pages or as a text like any other.
export const viewerOf = (one) => Object.keys(VIEWERS).find((name) => VIEWERS[name].shows(one)) || null;

// root: an element of class `scroll`. options: signal; undo(run), what to do when it goes away; cited, the passage to mark and go to:
// {start, end, place}, bytes of the text; page and sheet, where to begin without one; onsheet(index), told when another is chosen.
export const showWith = (name, root, one, options) => VIEWERS[name].run(root, one, options);
