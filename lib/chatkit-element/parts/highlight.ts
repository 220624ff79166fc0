import core from 'highlight.js/lib/core'
import bash from 'highlight.js/lib/languages/bash'
import c from 'highlight.js/lib/languages/c'
import cpp from 'highlight.js/lib/languages/cpp'
import csharp from 'highlight.js/lib/languages/csharp'
import css from 'highlight.js/lib/languages/css'
import dart from 'highlight.js/lib/languages/dart'
import diff from 'highlight.js/lib/languages/diff'
import dockerfile from 'highlight.js/lib/languages/dockerfile'
import elixir from 'highlight.js/lib/languages/elixir'
import go from 'highlight.js/lib/languages/go'
import graphql from 'highlight.js/lib/languages/graphql'
import haskell from 'highlight.js/lib/languages/haskell'
import ini from 'highlight.js/lib/languages/ini'
import java from 'highlight.js/lib/languages/java'
import javascript from 'highlight.js/lib/languages/javascript'
import json from 'highlight.js/lib/languages/json'
import kotlin from 'highlight.js/lib/languages/kotlin'
import latex from 'highlight.js/lib/languages/latex'
import lua from 'highlight.js/lib/languages/lua'
import makefile from 'highlight.js/lib/languages/makefile'
import markdown from 'highlight.js/lib/languages/markdown'
import nginx from 'highlight.js/lib/languages/nginx'
import perl from 'highlight.js/lib/languages/perl'
import php from 'highlight.js/lib/languages/php'
import powershell from 'highlight.js/lib/languages/powershell'
import protobuf from 'highlight.js/lib/languages/protobuf'
import python from 'highlight.js/lib/languages/python'
import r from 'highlight.js/lib/languages/r'
import ruby from 'highlight.js/lib/languages/ruby'
import rust from 'highlight.js/lib/languages/rust'
import scala from 'highlight.js/lib/languages/scala'
import scss from 'highlight.js/lib/languages/scss'
import shell from 'highlight.js/lib/languages/shell'
import sql from 'highlight.js/lib/languages/sql'
import swift from 'highlight.js/lib/languages/swift'
import typescript from 'highlight.js/lib/languages/typescript'
import xml from 'highlight.js/lib/languages/xml'
import yaml from 'highlight.js/lib/languages/yaml'
import { toSpans } from '#lib/chatkit-element/blocks/to-spans.ts'
import type { Highlight } from '#lib/chatkit-element/blocks/tools.ts'
import sheet from '#lib/chatkit-element/styles/highlight.css'

const LANGUAGES = {
  ...{ bash, c, cpp, csharp, css, dart, diff, dockerfile, elixir, go, graphql, haskell, ini, java, javascript, json },
  ...{ kotlin, latex, lua, makefile, markdown, nginx, perl, php, powershell, protobuf, python, r, ruby, rust, scala },
  ...{ scss, shell, sql, swift, typescript, xml, yaml },
}
/** Names that models use and the library does not know. */
const ALIASES = {
  bash: ['console-session', 'fish'],
  json: ['jsonl', 'ndjson'],
  javascript: ['node'],
  xml: ['vue', 'svelte'],
}

for (const [name, language] of Object.entries(LANGUAGES)) core.registerLanguage(name, language)
for (const [languageName, names] of Object.entries(ALIASES)) core.registerAliases(names, { languageName })

function colour(code: string, language: string): DocumentFragment | null {
  if (!core.getLanguage(language)) return null
  try {
    return toSpans(core.highlight(code, { language, ignoreIllegals: true }).value)
  } catch {
    // A grammar that fails leaves plain code.
    return null
  }
}

const part: Highlight = { colour, css: sheet }
export default part
