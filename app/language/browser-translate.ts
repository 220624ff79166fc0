'use client'

import type { Translate } from '#lib/platform/language/translate.ts'
import { english } from './english-translate.ts'

// A tab has one language. On the server nothing may set it: a process answers many people.
let current = english

/** Sets the language of code in the browser that no component calls. Only for effects. */
export function setBrowserTranslate(translate: Translate): void {
  current = translate
}

/** The page's translations, for code that runs in the browser but in no component. */
export function browserTranslate(): Translate {
  return current
}
